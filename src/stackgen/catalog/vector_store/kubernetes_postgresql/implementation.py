"""PostgreSQL with pgvector as a plain StatefulSet."""

from dataclasses import replace

from pydantic import Field

from stackgen.contracts.pgvector import profiles as pgvector
from stackgen.descriptors.model import Implementation, ImplementationSettings
from stackgen.providers.kubernetes.properties import NO_BACKUP, ON_VOLUME, ONE_POD, SERVER
from stackgen.providers.versions import PGVECTOR


class Settings(ImplementationSettings):
    """Settings of a plain PostgreSQL."""

    image: str = Field(default=PGVECTOR.use, description="Image of PostgreSQL with the vector extension.")
    storage: int = Field(default=10, ge=1, le=16000, description="Volume, GiB.")
    cpu: str = Field(default="500m", pattern=r"^\d+m?$", description="CPU.")
    memory: str = Field(default="1Gi", pattern=r"^\d+(Mi|Gi)$", description="Memory.")
    shared_buffers: str = Field(
        default="256MB", pattern=r"^\d+(kB|MB|GB)$", description="Memory for caching pages."
    )


IMPLEMENTATION = Implementation(
    description="PostgreSQL with pgvector as one pod with a volume: no operator, no failover.",
    level="bare",
    settings=Settings,
    sizes={
        "small": {},
        "medium": {"storage": 100, "cpu": "2", "memory": "8Gi", "shared_buffers": "2GB"},
        "large": {"storage": 500, "cpu": "8", "memory": "32Gi", "shared_buffers": "8GB"},
    },
    kept={"pgvector": pgvector.WITHOUT_BACKUP_AND_TLS},
    not_kept={
        "pgvector": {
            "tls": "the image's server has no certificate; only callers' pods can connect, by NetworkPolicy",
            "backup": "nothing archives the write-ahead log; take pg_dump or snapshots of the volume "
            "(https://www.postgresql.org/docs/17/backup.html)",
        }
    },
    properties=replace(
        SERVER,
        encryption_at_rest=ON_VOLUME,
        tls=("none", "the server has no certificate; plain TCP between pods"),
        backup=NO_BACKUP,
        high_availability=ONE_POD,
    ),
    parts={"superuser": ("vector_store",)},
    billing="own-machines",
    licence="PostgreSQL Licence (PostgreSQL, pgvector)",
)
