"""The foundation of the provider's components, made before the first of them."""
