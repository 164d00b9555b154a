"""Profiles of http/1."""

FULL = ("answers",)
