"""Profiles of mlflow/1."""

from stackgen.contracts.profile import without

FULL = (
    "log-run",
    "register-version",
    "alias",
    "artifact-round-trip",
    "traces",
    "auth-required",
    "wrong-credentials-refused",
    "tls",
)
WITHOUT_TLS = without(FULL, "tls")
