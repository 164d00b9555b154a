"""What another box in a component's place would change, said before anything is touched, each with its source."""
