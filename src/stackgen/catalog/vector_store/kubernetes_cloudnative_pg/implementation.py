"""PostgreSQL with pgvector, run by CloudNativePG."""

from dataclasses import replace

from pydantic import Field

from stackgen.contracts.pgvector import profiles as pgvector
from stackgen.descriptors.model import Implementation, ImplementationSettings
from stackgen.providers.kubernetes.properties import ON_VOLUME, SERVER
from stackgen.providers.versions import CLOUDNATIVE_PG


class Backup(ImplementationSettings):
    """Destination of base backups and of the write-ahead log: a bucket, by the Barman Cloud plugin of CloudNativePG."""

    bucket: str = Field(
        pattern=r"^s3://[a-z0-9][a-z0-9.-]{1,61}[a-z0-9](/[\w./-]*)?$", description="Bucket, and path in it."
    )
    endpoint: str | None = Field(
        default=None,
        pattern=r"^https?://[\w.:/-]+$",
        description="Address of the S3 service; AWS's own if absent.",
    )
    credentials: str = Field(
        pattern=r"^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$",
        description="Secret in the namespace with ACCESS_KEY_ID and ACCESS_SECRET_KEY.",
    )
    schedule: str = Field(
        default="0 0 2 * * *",
        pattern=r"^[\d*,/-]+( [\d*,/A-Z-]+){5}$",
        description="When a base backup is taken, as cron has it with seconds in front.",
    )
    retention: str = Field(
        default="30d", pattern=r"^[1-9]\d*[dwm]$", description="How far back the database can be taken."
    )


class Settings(ImplementationSettings):
    """Settings of a CloudNativePG cluster."""

    image: str = Field(
        default=CLOUDNATIVE_PG.use,
        description="Image of PostgreSQL with the vector extension, made for CloudNativePG.",
    )
    instances: int = Field(
        default=1, ge=1, le=9, description="Instances; one takes writes, others follow it."
    )
    storage: int = Field(default=10, ge=1, le=16000, description="Volume of each instance, GiB.")
    cpu: str = Field(default="500m", pattern=r"^\d+m?$", description="CPU of an instance.")
    memory: str = Field(default="1Gi", pattern=r"^\d+(Mi|Gi)$", description="Memory of an instance.")
    backup: Backup | None = Field(
        default=None, description="Base backups and the write-ahead log, kept in a bucket; none if absent."
    )


IMPLEMENTATION = Implementation(
    description="PostgreSQL with pgvector run by the CloudNativePG operator: TLS, failover, backups.",
    level="self-hosted",
    settings=Settings,
    sizes={
        "small": {},
        "medium": {"instances": 2, "storage": 100, "cpu": "2", "memory": "8Gi"},
        "large": {"instances": 3, "storage": 500, "cpu": "8", "memory": "32Gi"},
    },
    kept={"pgvector": pgvector.WITHOUT_BACKUP},
    not_kept={
        "pgvector": {
            "backup": "nothing archives the write-ahead log until the setting `backup` says where to "
            "(https://cloudnative-pg.io/documentation/current/backup/)"
        }
    },
    kept_with={"pgvector": {"backup": "backup"}},
    properties=replace(
        SERVER,
        encryption_at_rest=ON_VOLUME,
        tls=(
            "required",
            "the operator's certificates; pg_hba rejects whatever is not TLS, and clients use sslmode=require",
        ),
        backup=(
            "none",
            "nothing archives the write-ahead log until the setting `backup` says where to; then any "
            "point in time",
        ),
        high_availability=(
            "restart",
            "one instance, started again; from two on (`instances`, size medium) a standby takes over",
        ),
    ),
    parts={
        "ca": ("object_store",),
        "owner": ("object_store",),
        "primary": (),
        "r": (),
        "replication": ("object_store",),
        "ro": (),
        "rw": (),
        "server": ("object_store",),
    },
    billing="own-machines",
    licence="Apache-2.0 (CloudNativePG); PostgreSQL Licence (PostgreSQL, pgvector)",
    default=True,
    notes=(
        "the CloudNativePG operator (1.26 or later) must run in the cluster, in namespace cnpg-system; for "
        "`backup` its Barman Cloud plugin too",
    ),
)
