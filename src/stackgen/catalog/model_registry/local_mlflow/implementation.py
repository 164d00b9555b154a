"""MLflow's tracking server and registry as a process."""

from pydantic import Field

from stackgen.catalog.model import Implementation, ImplementationSettings


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
    licence="Apache-2.0",
    default=True,
)
