"""Runs clauses' probes against live bindings, and reports what was measured beside what was declared."""
