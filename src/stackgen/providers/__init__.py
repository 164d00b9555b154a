"""Where boxes live: one folder per provider, found by path."""
