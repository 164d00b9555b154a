"""MLflow in the cluster, on PostgreSQL."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Literal

from pydantic import Field

from stackgen.contracts.mlflow import profiles as mlflow
from stackgen.descriptors.model import CapabilityOptions, Implementation, ImplementationSettings, Place
from stackgen.providers.kubernetes.properties import NO_BACKUP, ON_VOLUME, SERVER
from stackgen.providers.kubernetes.reasons import PLAIN_HTTP
from stackgen.providers.versions import CLOUDNATIVE_PG, MLFLOW, PGVECTOR

IMAGES = {
    "cloudnative-pg": CLOUDNATIVE_PG.use,
    "postgresql": PGVECTOR.use,
}


class Settings(ImplementationSettings):
    """Settings of MLflow in a cluster."""

    image: str = Field(default=MLFLOW.use, description="MLflow's image, with database drivers.")
    database: Literal["cloudnative-pg", "postgresql"] = Field(
        default="cloudnative-pg",
        description="Who runs its PostgreSQL: the CloudNativePG operator, or a plain StatefulSet.",
    )
    database_image: str | None = Field(
        default=None, description="Image of its PostgreSQL, if not the one usual for `database`."
    )
    instances: int = Field(default=1, ge=1, le=9, description="Database instances, under an operator.")
    storage: int = Field(default=10, ge=1, le=4000, description="Volume of the database, GiB.")
    artifact_storage: int = Field(
        default=50, ge=1, le=16000, description="Volume of artifacts, GiB, where no object store holds them."
    )
    cpu: str = Field(default="500m", pattern=r"^\d+m?$", description="CPU of a replica.")
    memory: str = Field(default="2Gi", pattern=r"^\d+(Mi|Gi)$", description="Memory of a replica.")
    replicas: int = Field(
        default=1, ge=1, le=20, description="Replicas; one where artifacts are in a volume of its own."
    )
    expose: bool = Field(
        default=False, description="Whether it is reached from outside, below the environment's `domain`."
    )


def resolve(
    _options: CapabilityOptions, settings: ImplementationSettings, _where: Place
) -> Mapping[str, Any]:
    """The database's image, by who runs it."""
    chosen = settings.model_dump()
    return {"database_image": chosen["database_image"] or IMAGES[chosen["database"]]}


IMPLEMENTATION = Implementation(
    description="MLflow as a Deployment: tracking server and registry with a password, on PostgreSQL.",
    level="self-hosted",
    settings=Settings,
    sizes={
        "small": {},
        "medium": {"cpu": "1", "memory": "4Gi", "replicas": 2, "instances": 2, "storage": 50},
        "large": {"cpu": "2", "memory": "8Gi", "replicas": 3, "instances": 3, "storage": 200},
    },
    kept={"mlflow": mlflow.WITHOUT_TLS},
    resolve=resolve,
    not_kept={"mlflow": {"tls": PLAIN_HTTP}},
    properties=replace(SERVER, encryption_at_rest=ON_VOLUME, backup=NO_BACKUP),
    parts={
        "database": (),
        "database-ca": ("object_store",),
        "database-owner": ("object_store",),
        "database-primary": (),
        "database-r": (),
        "database-replication": ("object_store",),
        "database-ro": (),
        "database-rw": (),
        "database-server": ("object_store",),
        "database-superuser": ("model_registry",),
        "reader": ("model_registry",),
        "tls": ("object_store",),
    },
    billing="own-machines",
    readers=True,
    licence="Apache-2.0 (MLflow, CloudNativePG); PostgreSQL Licence",
    default=True,
    notes=("with `database: cloudnative-pg` its operator must run in the cluster, in namespace cnpg-system",),
)
