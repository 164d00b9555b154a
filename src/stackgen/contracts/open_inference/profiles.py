"""Profiles of open-inference/2."""

from stackgen.contracts.profile import without

FULL = (
    "live",
    "ready",
    "metadata",
    "infer",
    "wrong-shape-is-error",
    "auth-required",
    "wrong-credentials-refused",
    "tls",
)
WITHOUT_CREDENTIALS = without(FULL, "auth-required", "wrong-credentials-refused")
WITHOUT_CREDENTIALS_AND_TLS = without(WITHOUT_CREDENTIALS, "tls")
