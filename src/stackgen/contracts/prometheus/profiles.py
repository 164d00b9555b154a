"""Profiles of prometheus/1."""

from stackgen.contracts.profile import without

FULL = (
    "query",
    "range-query",
    "rule-loaded",
    "alert-fires",
    "component-scraped",
    "auth-required",
    "wrong-credentials-refused",
    "tls",
)
WITHOUT_TLS = without(FULL, "tls")
QUERIES = without(FULL, "rule-loaded", "alert-fires")
"""For services that evaluate rules elsewhere, and have no rules API."""
