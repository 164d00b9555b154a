"""The types that descriptors of the catalog and of providers are made of. Authors of a catalog import them."""
