"""Profiles of pgvector/1."""

from stackgen.contracts.profile import without

FULL = (
    "cosine-search",
    "l2-search",
    "inner-product-search",
    "hnsw-index",
    "metadata-filter",
    "unsupported-filter-is-error",
    "hybrid-search",
    "transactions",
    "read-your-writes",
    "bulk-copy",
    "dimension-limit",
    "auth-required",
    "wrong-credentials-refused",
    "tls",
    "backup",
)
WITHOUT_BACKUP = without(FULL, "backup")
WITHOUT_BACKUP_AND_TLS = without(WITHOUT_BACKUP, "tls")
