"""Installs the tools that a machine lacks, each from a lock: uv environments, Go."""
