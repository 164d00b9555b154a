"""What components of the provider stand on, made before the first of them."""
