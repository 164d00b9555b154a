"""How fast stackgen is, beside its peers: whole processes, in turn, on the same components. `make bench`."""
