"""The user's own service on Cloud Run."""

from dataclasses import replace

from pydantic import Field

from stackgen.contracts.http import profiles as http
from stackgen.descriptors.model import Implementation, ImplementationSettings
from stackgen.providers.fields import ImageTag
from stackgen.providers.gcp.properties import SERVICE


class Settings(ImplementationSettings):
    """Settings of a service on Cloud Run."""

    image: str | None = Field(
        default=None, description="Image of the service; `image_tag` in a repository of the stack if absent."
    )
    image_tag: str = ImageTag
    health_path: str = Field(
        default="/health", pattern=r"^/[\w./-]*$", description="Path that answers 200 when it is ready."
    )
    cpu: str = Field(default="1", pattern=r"^[1-8]$", description="CPUs of an instance.")
    memory: str = Field(default="1Gi", pattern=r"^\d+(Mi|Gi)$", description="Memory of an instance.")
    minimum: int = Field(default=1, ge=0, le=100, description="Instances that always run.")
    maximum: int = Field(default=3, ge=1, le=100, description="Instances that run under load.")


IMPLEMENTATION = Implementation(
    description="The user's container on Cloud Run behind HTTPS, with bindings from secrets of its own.",
    level="managed",
    settings=Settings,
    sizes={
        "small": {},
        "medium": {"cpu": "2", "memory": "2Gi", "minimum": 2, "maximum": 10},
        "large": {"cpu": "4", "memory": "4Gi", "minimum": 3, "maximum": 30},
    },
    kept={"http": http.FULL},
    properties=replace(
        SERVICE,
        authentication=(
            "none",
            "what the user's own code asks for; only the environment's network reaches it",
        ),
    ),
    billing="always-on",
    licence="the user's own",
    default=True,
    notes=(
        "push its image, built from `source`, before the service is created: apply first with "
        "`pulumi up --target` on its repository, or give `image`",
    ),
)
