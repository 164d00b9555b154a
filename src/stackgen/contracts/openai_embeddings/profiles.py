"""Profiles of openai-embeddings/1."""

from stackgen.contracts.profile import without

FULL = (
    "single",
    "batch",
    "stable-vector",
    "stated-dimension",
    "unit-norm",
    "auth-required",
    "wrong-credentials-refused",
    "tls",
)
WITHOUT_TLS = without(FULL, "tls")
WITHOUT_CREDENTIALS_AND_TLS = without(WITHOUT_TLS, "auth-required", "wrong-credentials-refused")
