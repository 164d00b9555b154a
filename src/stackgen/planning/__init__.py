"""spec × environment × catalog → Plan: choose, check clauses, wire, order."""
