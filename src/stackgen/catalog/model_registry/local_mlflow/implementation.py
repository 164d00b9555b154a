"""MLflow's tracking server and registry as a process."""

from dataclasses import replace

from stackgen.contracts.mlflow import profiles as mlflow
from stackgen.descriptors.model import Implementation, ImplementationSettings
from stackgen.providers.fields import Port
from stackgen.providers.local.properties import DATA_AT_REST, NO_BACKUP, SERVER
from stackgen.providers.local.reasons import ON_LOOPBACK


class Settings(ImplementationSettings):
    """Settings of a local MLflow."""

    port: int | None = Port


IMPLEMENTATION = Implementation(
    description="MLflow's tracking server and model registry, password-protected, on SQLite.",
    level="bare",
    settings=Settings,
    sizes={"small": {}, "medium": {}, "large": {}},
    kept={"mlflow": mlflow.WITHOUT_TLS},
    not_kept={"mlflow": {"tls": ON_LOOPBACK}},
    properties=replace(SERVER, encryption_at_rest=DATA_AT_REST, backup=NO_BACKUP),
    parts={"reader": ("model_registry",)},
    billing="own-machines",
    readers=True,
    licence="Apache-2.0",
    default=True,
)
