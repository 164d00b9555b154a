"""MLflow's tracking server and registry as a process."""

from dataclasses import replace

from pydantic import Field

from stackgen.descriptors.model import Implementation, ImplementationSettings
from stackgen.providers.local.properties import DATA_AT_REST, NO_BACKUP, SERVER


class Settings(ImplementationSettings):
    """Settings of a local MLflow."""

    port: int | None = Field(default=None, ge=1024, le=65535, description="Port; a free one if absent.")


IMPLEMENTATION = Implementation(
    description="MLflow's tracking server and model registry, password-protected, on SQLite.",
    level="bare",
    settings=Settings,
    sizes={"small": {}, "medium": {}, "large": {}},
    kept={
        "mlflow": (
            "log-run",
            "register-version",
            "alias",
            "artifact-round-trip",
            "traces",
            "auth-required",
            "wrong-credentials-refused",
        )
    },
    not_kept={"mlflow": {"tls": "the server listens on loopback without TLS; nothing crosses a network"}},
    properties=replace(SERVER, encryption_at_rest=DATA_AT_REST, backup=NO_BACKUP),
    parts={"reader": ("model_registry",)},
    billing="own-machines",
    readers=True,
    licence="Apache-2.0",
    default=True,
)
