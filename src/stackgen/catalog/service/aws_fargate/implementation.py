"""The user's own service on ECS Fargate."""

from dataclasses import replace

from pydantic import Field

from stackgen.contracts.http import profiles as http
from stackgen.descriptors.model import Implementation, ImplementationSettings
from stackgen.providers.aws.images import own_image_reason
from stackgen.providers.aws.properties import SERVICE
from stackgen.providers.fields import ImageTag


class Settings(ImplementationSettings):
    """Settings of a service on Fargate."""

    image: str | None = Field(
        default=None, description="Image of the service; `image_tag` in a repository of the stack if absent."
    )
    image_tag: str = ImageTag
    health_path: str = Field(
        default="/health", pattern=r"^/[\w./-]*$", description="Path that answers 200 when it is ready."
    )
    cpu: int = Field(default=512, description="CPU of a task, thousandths of a vCPU.")
    memory: int = Field(default=1024, description="Memory of a task, MiB.")
    minimum: int = Field(default=1, ge=1, le=100, description="Tasks that always run.")
    maximum: int = Field(default=2, ge=1, le=100, description="Tasks that run under load.")


IMPLEMENTATION = Implementation(
    description="The user's container on ECS Fargate behind HTTPS, with bindings from a secret of its own.",
    level="managed",
    settings=Settings,
    internet=own_image_reason,
    sizes={
        "small": {},
        "medium": {"cpu": 1024, "memory": 2048, "minimum": 2, "maximum": 6},
        "large": {"cpu": 2048, "memory": 4096, "minimum": 3, "maximum": 20},
    },
    kept={"http": http.FULL},
    properties=replace(
        SERVICE,
        authentication=(
            "none",
            "what the user's own code asks for; only the security groups of its callers reach it",
        ),
    ),
    billing="always-on",
    licence="the user's own",
    default=True,
    notes=(
        "push its image, built from `source`, to the repository the first update creates",
        "its image needs `sh` and `chmod`, with which a container of the task prepares /tmp",
    ),
)
