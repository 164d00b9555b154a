"""The user's own service as a Deployment."""

from dataclasses import replace

from pydantic import Field

from stackgen.contracts.http import profiles as http
from stackgen.descriptors.model import Implementation, ImplementationSettings
from stackgen.providers.kubernetes.properties import SERVER


class Settings(ImplementationSettings):
    """Settings of a service in a cluster."""

    image: str | None = Field(
        default=None,
        description="Image of the service; `image_tag` in the environment's `registry` if absent.",
    )
    image_tag: str = Field(
        default="0.1.0",
        pattern=r"^[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}$",
        description="Tag in the environment's registry.",
    )
    health_path: str = Field(
        default="/health", pattern=r"^/[\w./-]*$", description="Path that answers 200 when it is ready."
    )
    cpu: str = Field(default="250m", pattern=r"^\d+m?$", description="CPU of a replica.")
    memory: str = Field(default="512Mi", pattern=r"^\d+(Mi|Gi)$", description="Memory of a replica.")
    minimum: int = Field(default=1, ge=1, le=100, description="Replicas that always run.")
    maximum: int = Field(default=1, ge=1, le=100, description="Replicas that run under load.")
    expose: bool = Field(
        default=False, description="Whether it is reached from outside, below the environment's `domain`."
    )


IMPLEMENTATION = Implementation(
    description="The user's container as a Deployment, with bindings from a Secret of its own.",
    level="self-hosted",
    settings=Settings,
    sizes={
        "small": {},
        "medium": {"cpu": "500m", "memory": "1Gi", "minimum": 2, "maximum": 6},
        "large": {"cpu": "2", "memory": "4Gi", "minimum": 3, "maximum": 30},
    },
    kept={"http": http.FULL},
    properties=replace(
        SERVER,
        authentication=(
            "none",
            "what the user's own code asks for; NetworkPolicies let in its callers' pods alone",
        ),
    ),
    parts={"tls": ("object_store",)},
    billing="own-machines",
    licence="the user's own",
    default=True,
    notes=(
        "push its image, built from `source`, before the service is created",
        "where neither `image` nor the environment's `registry` says where it is: "
        "pulumi config set kubernetesRegistry registry.example.com/ai",
    ),
)
