"""Profiles of openmetrics/1."""

FULL = ("exposition",)
