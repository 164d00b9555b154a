"""http/1: an address that answers over HTTP."""
