"""The catalog: one folder per implementation, catalog/<capability>/<provider>_<name>/, located by path."""
