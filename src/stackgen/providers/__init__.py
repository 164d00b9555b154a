"""Providers, the places where components run: one folder per provider, loaded by path."""
