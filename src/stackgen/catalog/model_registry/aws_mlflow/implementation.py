"""MLflow on ECS Fargate, on Aurora and S3."""

from dataclasses import replace

from pydantic import Field

from stackgen.contracts.mlflow import profiles as mlflow
from stackgen.descriptors.model import Implementation, ImplementationSettings
from stackgen.providers.aws.images import public_image_reason
from stackgen.providers.aws.postgresql import Version
from stackgen.providers.aws.properties import SERVICE
from stackgen.providers.versions import MLFLOW


class Settings(ImplementationSettings):
    """Settings of MLflow on Fargate."""

    image: str = Field(default=MLFLOW.use, description="MLflow's image, with database drivers.")
    version: str = Version
    cpu: int = Field(default=1024, description="CPU of a task, thousandths of a vCPU.")
    memory: int = Field(default=2048, description="Memory of a task, MiB.")
    minimum: int = Field(default=1, ge=1, le=15, description="Tasks that always run, and database instances.")
    maximum: int = Field(default=1, ge=1, le=100, description="Tasks that run under load.")
    max_capacity: float = Field(
        default=2.0, ge=1, le=256, multiple_of=0.5, description="Largest capacity of its database, ACUs."
    )


IMPLEMENTATION = Implementation(
    description="MLflow's tracking server and registry on ECS Fargate, password-protected, on Aurora and S3.",
    level="self-hosted",
    settings=Settings,
    internet=public_image_reason,
    sizes={
        "small": {},
        "medium": {"cpu": 2048, "memory": 4096, "minimum": 2, "maximum": 4, "max_capacity": 8},
        "large": {"cpu": 4096, "memory": 8192, "minimum": 3, "maximum": 10, "max_capacity": 32},
    },
    kept={"mlflow": mlflow.FULL},
    properties=replace(
        SERVICE,
        encryption_at_rest=(
            "customer-key",
            "Aurora and the artifacts' bucket are encrypted with the environment's KMS key",
        ),
        backup=(
            "point-in-time",
            "runs, versions and aliases as Aurora does, 14 days by default (`backup_retention`); old "
            "versions of artifacts for 90 days",
        ),
    ),
    parts={
        "database": ("vector_store",),
        "database-database": (),
        "database-roles": (),
        "database-roles-run": (),
        "reader": ("model_registry",),
    },
    billing="always-on",
    readers=True,
    licence="Apache-2.0",
    default=True,
)
