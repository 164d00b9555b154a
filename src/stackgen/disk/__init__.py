"""The folder of a generated program: reads, compares, writes and replaces it."""
