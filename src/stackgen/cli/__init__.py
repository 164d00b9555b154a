"""The command line: one module per command; console.py is the only printer."""
