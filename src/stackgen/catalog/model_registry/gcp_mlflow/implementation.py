"""MLflow on Cloud Run, on Cloud SQL and Cloud Storage."""

from dataclasses import replace

from pydantic import Field

from stackgen.contracts.mlflow import profiles as mlflow
from stackgen.descriptors.model import Implementation, ImplementationSettings
from stackgen.providers.gcp.postgresql import Major, Version
from stackgen.providers.gcp.properties import SERVICE
from stackgen.providers.versions import MLFLOW


class Settings(ImplementationSettings):
    """Settings of MLflow on Cloud Run."""

    image: str = Field(default=MLFLOW.use, description="MLflow's image, with database drivers.")
    version: Major = Version
    tier: str = Field(
        default="db-custom-1-3840", pattern=r"^db-[a-z0-9-]+$", description="Machine of its database."
    )
    standby: bool = Field(default=True, description="Whether its database has a standby in another zone.")
    cpu: str = Field(default="1", pattern=r"^[1-8]$", description="CPUs of an instance.")
    memory: str = Field(default="2Gi", pattern=r"^\d+Gi$", description="Memory of an instance.")
    minimum: int = Field(default=1, ge=0, le=100, description="Instances that always run.")
    maximum: int = Field(default=2, ge=1, le=100, description="Instances that run under load.")


IMPLEMENTATION = Implementation(
    description="MLflow on Cloud Run: tracking server and registry with a password, on Cloud SQL and Cloud Storage.",
    level="self-hosted",
    settings=Settings,
    sizes={
        "small": {},
        "medium": {"cpu": "2", "memory": "4Gi", "minimum": 2, "maximum": 4, "tier": "db-custom-2-7680"},
        "large": {"cpu": "4", "memory": "8Gi", "minimum": 3, "maximum": 10, "tier": "db-custom-4-15360"},
    },
    kept={"mlflow": mlflow.FULL},
    properties=replace(
        SERVICE,
        encryption_at_rest=(
            "customer-key",
            "Cloud SQL and the artifacts' bucket are encrypted with the environment's key",
        ),
        backup=(
            "point-in-time",
            "runs, versions and aliases as Cloud SQL does, 14 days by default (`backup_retention`); old "
            "versions of artifacts for 90 days",
        ),
        high_availability=(
            "zones",
            "a regional Cloud Run service; Cloud SQL has a standby in another zone (`standby`)",
        ),
    ),
    parts={
        "artifacts": ("object_store",),
        "database": ("vector_store",),
        "database-roles": (),
        "reader": ("model_registry",),
    },
    billing="always-on",
    readers=True,
    licence="Apache-2.0",
    default=True,
)
