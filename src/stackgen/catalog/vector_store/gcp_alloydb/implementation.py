"""AlloyDB for PostgreSQL with pgvector."""

from dataclasses import replace
from typing import Literal

from pydantic import Field

from stackgen.contracts.pgvector import profiles as pgvector
from stackgen.descriptors.model import Implementation, ImplementationSettings
from stackgen.providers.gcp.postgresql import Major, Version
from stackgen.providers.gcp.properties import DATABASE


class Settings(ImplementationSettings):
    """Settings of an AlloyDB cluster."""

    version: Major = Version
    cpus: Literal[2, 4, 8, 16, 32, 64, 96, 128] = Field(default=2, description="CPUs of each instance.")
    readers: int = Field(default=0, ge=0, le=20, description="Nodes that only read.")


IMPLEMENTATION = Implementation(
    description="AlloyDB for PostgreSQL with pgvector: continuous backup, a standby where protected.",
    level="managed",
    settings=Settings,
    sizes={
        "small": {},
        "medium": {"cpus": 4, "readers": 1},
        "large": {"cpus": 16, "readers": 2},
    },
    kept={"pgvector": pgvector.FULL},
    properties=replace(
        DATABASE,
        high_availability=(
            "restart",
            "storage is regional, and one node is started again; with `protect` a standby in another "
            "zone takes over",
        ),
    ),
    billing="always-on",
    licence="Google Cloud terms; PostgreSQL Licence (pgvector)",
    default=True,
)
