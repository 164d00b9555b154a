"""Finds, installs and drives Pulumi: the only package that runs it."""
