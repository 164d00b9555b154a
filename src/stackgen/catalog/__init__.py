"""The shelf: catalog/<capability>/<implementation>/, found by path."""
