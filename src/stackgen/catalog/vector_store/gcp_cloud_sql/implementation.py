"""Cloud SQL for PostgreSQL with pgvector."""

from dataclasses import replace

from pydantic import Field

from stackgen.contracts.pgvector import profiles as pgvector
from stackgen.descriptors.model import Implementation, ImplementationSettings
from stackgen.providers.gcp.postgresql import Major, Version
from stackgen.providers.gcp.properties import DATABASE


class Settings(ImplementationSettings):
    """Settings of a Cloud SQL instance."""

    version: Major = Version
    tier: str = Field(
        default="db-custom-2-7680", pattern=r"^db-[a-z0-9-]+$", description="Machine: db-custom-<CPUs>-<MiB>."
    )
    storage: int = Field(default=20, ge=10, le=65536, description="Storage, GiB; grows by itself.")
    standby: bool = Field(default=True, description="Whether a standby in another zone takes over.")


IMPLEMENTATION = Implementation(
    description="Cloud SQL for PostgreSQL with pgvector: a fixed size and price, a standby in another zone.",
    level="managed",
    settings=Settings,
    sizes={
        "small": {},
        "medium": {"tier": "db-custom-4-15360", "storage": 100},
        "large": {"tier": "db-custom-16-61440", "storage": 500},
    },
    kept={"pgvector": pgvector.FULL},
    properties=replace(
        DATABASE,
        backup=(
            "point-in-time",
            "nightly, 14 kept by default (`backup_retention`), 35 with `protect`; any point of the last "
            "7 days",
        ),
        high_availability=("zones", "a standby in another zone takes over (`standby`)"),
    ),
    billing="always-on",
    licence="Google Cloud terms; PostgreSQL Licence (PostgreSQL, pgvector)",
)
