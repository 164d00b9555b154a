"""The user's own job on ECS Fargate."""

from pydantic import Field

from stackgen.descriptors.model import Implementation, ImplementationSettings
from stackgen.providers.aws.images import own_image_reason
from stackgen.providers.aws.properties import JOB
from stackgen.providers.fields import ImageTag


class Settings(ImplementationSettings):
    """Settings of a job on Fargate."""

    image: str | None = Field(
        default=None, description="Image of the job; `image_tag` in a repository of the stack if absent."
    )
    image_tag: str = ImageTag
    schedule: str = Field(
        default="rate(1 day)",
        pattern=r"^(rate|cron|at)\([\w *,/?:#-]+\)$",
        description="When it runs: an EventBridge Scheduler expression.",
    )
    time_zone: str = Field(
        default="UTC", pattern=r"^[A-Za-z_/+-]+\d*$", description="Time zone of the schedule."
    )
    cpu: int = Field(default=512, description="CPU of a task, thousandths of a vCPU.")
    memory: int = Field(default=1024, description="Memory of a task, MiB.")


IMPLEMENTATION = Implementation(
    description="The user's container on ECS Fargate, started on a schedule.",
    level="managed",
    settings=Settings,
    internet=own_image_reason,
    sizes={
        "small": {},
        "medium": {"cpu": 1024, "memory": 2048},
        "large": {"cpu": 4096, "memory": 8192},
    },
    properties=JOB,
    billing="per-use",
    licence="the user's own",
    default=True,
    notes=(
        "it runs on its schedule; run it once by hand (`aws ecs run-task`) after its image is pushed",
        "push its image, built from `source`, to the repository the first update creates",
        "its image needs `sh` and `chmod`, with which a container of the task prepares /tmp",
    ),
)
