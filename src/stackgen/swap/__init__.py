"""Replaces the implementation of a component: reports what would change, then moves data and bindings step by step."""
