"""Hostile input: specs, strings, files, kills, secrets and other people's code."""
