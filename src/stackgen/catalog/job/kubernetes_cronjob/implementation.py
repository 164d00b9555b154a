"""The user's own job as a Job or CronJob."""

from pydantic import Field

from stackgen.descriptors.model import Implementation, ImplementationSettings
from stackgen.providers.kubernetes.properties import JOB


class Settings(ImplementationSettings):
    """Settings of a job in a cluster."""

    image: str | None = Field(
        default=None, description="Image of the job; `image_tag` in the environment's `registry` if absent."
    )
    image_tag: str = Field(
        default="0.1.0",
        pattern=r"^[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}$",
        description="Tag in the environment's registry.",
    )
    schedule: str | None = Field(
        default=None,
        pattern=r"^[\d*,/-]+( [\d*,/A-Z-]+){4}$",
        description="When it runs, as cron has it; once, and again when it or its bindings change, if absent.",
    )
    time_zone: str = Field(
        default="Etc/UTC", pattern=r"^[A-Za-z_/+-]+\d*$", description="Time zone of the schedule."
    )
    cpu: str = Field(default="500m", pattern=r"^\d+m?$", description="CPU of the job.")
    memory: str = Field(default="1Gi", pattern=r"^\d+(Mi|Gi)$", description="Memory of the job.")
    timeout: int = Field(default=3600, ge=1, le=604800, description="Longest run, seconds.")
    retries: int = Field(default=2, ge=0, le=20, description="Further tries after a failed run.")


IMPLEMENTATION = Implementation(
    description="The user's container as a CronJob, or as a Job that runs when it changes.",
    level="self-hosted",
    settings=Settings,
    sizes={
        "small": {},
        "medium": {"cpu": "2", "memory": "4Gi"},
        "large": {"cpu": "8", "memory": "16Gi"},
    },
    properties=JOB,
    billing="own-machines",
    licence="the user's own",
    default=True,
    notes=(
        "push its image, built from `source`, before the job is created",
        "where neither `image` nor the environment's `registry` says where it is: "
        "pulumi config set kubernetesRegistry registry.example.com/ai",
    ),
)
