"""Profiles of otlp/1."""

from stackgen.contracts.profile import without

FULL = (
    "trace-found",
    "metric-found",
    "auth-required",
    "wrong-credentials-refused",
    "tls",
)
WITHOUT_TLS = without(FULL, "tls")
METRICS = without(FULL, "trace-found")
"""For services that take traces in, and show them through an API of their own."""
