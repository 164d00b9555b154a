"""Profiles of s3/1."""

from stackgen.contracts.profile import without

FULL = (
    "put-get",
    "list",
    "delete",
    "multipart",
    "range",
    "presigned-url",
    "conditional-put",
    "default-checksums",
    "versioning",
    "auth-required",
    "wrong-credentials-refused",
    "tls",
)
WITHOUT_TLS = without(FULL, "tls")
WITHOUT_VERSIONING_AND_TLS = without(WITHOUT_TLS, "versioning")
