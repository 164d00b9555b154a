"""Kubernetes, as it runs on premises."""
