"""Aurora PostgreSQL Serverless v2 with pgvector."""

from dataclasses import replace

from pydantic import Field

from stackgen.contracts.pgvector import profiles as pgvector
from stackgen.descriptors.model import CapabilityOptions, Implementation, ImplementationSettings
from stackgen.providers.aws.images import public_image_reason
from stackgen.providers.aws.postgresql import Version
from stackgen.providers.aws.properties import DATABASE


class Settings(ImplementationSettings):
    """Settings of an Aurora cluster."""

    version: str = Version
    min_capacity: float = Field(
        default=0.5,
        ge=0,
        le=256,
        multiple_of=0.5,
        description="Smallest capacity, ACUs (2 GiB each); 0 pauses it.",
    )
    max_capacity: float = Field(
        default=4.0, ge=1, le=256, multiple_of=0.5, description="Largest capacity, ACUs."
    )
    instances: int = Field(
        default=1, ge=1, le=15, description="A writer, and readers that take over from it."
    )


def check(_options: CapabilityOptions, settings: ImplementationSettings) -> str | None:
    """Capacity grows upwards."""
    values = settings.model_dump()
    if values["min_capacity"] > values["max_capacity"]:
        return f"min_capacity {values['min_capacity']} is above max_capacity {values['max_capacity']}"
    return None


IMPLEMENTATION = Implementation(
    description="Aurora PostgreSQL Serverless v2 with pgvector: scales with its load, recovers any point in time.",
    level="managed",
    settings=Settings,
    internet=public_image_reason,
    sizes={
        "small": {},
        "medium": {"min_capacity": 1, "max_capacity": 16, "instances": 2},
        "large": {"min_capacity": 4, "max_capacity": 64, "instances": 3},
    },
    kept={"pgvector": pgvector.FULL},
    check=check,
    properties=replace(
        DATABASE,
        high_availability=(
            "restart",
            "storage is in three zones, and one instance is started again; from two on (`instances`, "
            "size medium) a reader in another zone takes over",
        ),
    ),
    parts={"database": (), "roles-run": ()},
    billing="always-on",
    licence="AWS service terms; PostgreSQL Licence (PostgreSQL, pgvector)",
    default=True,
)
