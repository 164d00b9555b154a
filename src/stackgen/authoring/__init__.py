"""Tools for the authors of catalogs: check a catalog as a whole, explain a contract, begin an implementation."""
