"""RDS for PostgreSQL with pgvector."""

from dataclasses import replace

from pydantic import Field

from stackgen.contracts.pgvector import profiles as pgvector
from stackgen.descriptors.model import Implementation, ImplementationSettings
from stackgen.providers.aws.images import public_image_reason
from stackgen.providers.aws.postgresql import Version
from stackgen.providers.aws.properties import DATABASE


class Settings(ImplementationSettings):
    """Settings of an RDS instance."""

    version: str = Version
    instance_class: str = Field(
        default="db.t4g.medium", pattern=r"^db\.[a-z0-9]+\.[a-z0-9]+$", description="Instance class."
    )
    storage: int = Field(
        default=20, ge=20, le=6553, description="Storage, GiB; grows by itself to ten times that."
    )
    standby: bool = Field(default=True, description="Whether a standby in another zone takes over.")


IMPLEMENTATION = Implementation(
    description="RDS for PostgreSQL with pgvector: a fixed size and price, a standby in another zone.",
    level="managed",
    settings=Settings,
    internet=public_image_reason,
    sizes={
        "small": {},
        "medium": {"instance_class": "db.r7g.large", "storage": 100},
        "large": {"instance_class": "db.r7g.2xlarge", "storage": 500},
    },
    kept={"pgvector": pgvector.FULL},
    properties=replace(
        DATABASE, high_availability=("zones", "a standby in another zone takes over (`standby`)")
    ),
    parts={"database": (), "roles-run": ()},
    billing="always-on",
    licence="AWS service terms; PostgreSQL Licence (PostgreSQL, pgvector)",
)
