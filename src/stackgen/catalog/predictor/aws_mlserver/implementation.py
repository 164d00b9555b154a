"""MLServer on ECS Fargate, with a model out of the registry."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from pydantic import Field

from stackgen.catalog.predictor.capability import why_no_reference
from stackgen.contracts.open_inference import profiles as open_inference
from stackgen.descriptors.model import CapabilityOptions, Implementation, ImplementationSettings, Place
from stackgen.providers.aws.images import public_image_reason
from stackgen.providers.aws.properties import SERVICE
from stackgen.providers.versions import MLSERVER

NO_AUTHENTICATION = (
    "MLServer has none (https://mlserver.readthedocs.io/en/latest/user-guide/deployment/); "
    "only the security groups of its callers reach the service network"
)


class Settings(ImplementationSettings):
    """Settings of MLServer on Fargate."""

    image: str = Field(default=MLSERVER.use, description="MLServer's image.")
    cpu: int = Field(default=1024, description="CPU of a task, thousandths of a vCPU.")
    memory: int = Field(default=2048, description="Memory of a task, MiB.")
    minimum: int = Field(default=1, ge=1, le=100, description="Tasks that always run.")
    maximum: int = Field(default=2, ge=1, le=100, description="Tasks that run under load.")


def offers(options: CapabilityOptions, _given: Mapping[str, Any], _where: Place) -> str | None:
    """The model comes from a registry."""
    return why_no_reference(options)


IMPLEMENTATION = Implementation(
    description="MLServer on ECS Fargate: a scikit-learn model from the registry over the Open Inference Protocol.",
    level="self-hosted",
    settings=Settings,
    internet=public_image_reason,
    sizes={
        "small": {},
        "medium": {"cpu": 2048, "memory": 4096, "minimum": 2, "maximum": 6},
        "large": {"cpu": 4096, "memory": 8192, "minimum": 3, "maximum": 20},
    },
    kept={"open-inference": open_inference.WITHOUT_CREDENTIALS},
    not_kept={
        "open-inference": {
            "auth-required": NO_AUTHENTICATION,
            "wrong-credentials-refused": NO_AUTHENTICATION,
        }
    },
    offers=offers,
    properties=replace(SERVICE, authentication=("none", NO_AUTHENTICATION)),
    billing="always-on",
    licence="Apache-2.0",
    default=True,
    notes=("a moved alias is served by tasks that start afterwards: force a new deployment of its service",),
)
