"""The machine in front of you: real servers as supervised processes."""
