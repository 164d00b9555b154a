"""MLServer on Cloud Run, with a model out of the registry."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from pydantic import Field

from stackgen.catalog.predictor.capability import why_no_reference
from stackgen.contracts.open_inference import profiles as open_inference
from stackgen.descriptors.model import CapabilityOptions, Implementation, ImplementationSettings, Place
from stackgen.providers.gcp.properties import SERVICE
from stackgen.providers.versions import MLSERVER

NO_AUTHENTICATION = (
    "MLServer has none (https://mlserver.readthedocs.io/en/latest/user-guide/deployment/); "
    "only the network of the environment reaches its address"
)


class Settings(ImplementationSettings):
    """Settings of MLServer on Cloud Run."""

    image: str = Field(default=MLSERVER.use, description="MLServer's image.")
    cpu: str = Field(default="1", pattern=r"^[1-8]$", description="CPUs of an instance.")
    memory: str = Field(default="2Gi", pattern=r"^\d+Gi$", description="Memory of an instance.")
    minimum: int = Field(default=1, ge=0, le=100, description="Instances that always run.")
    maximum: int = Field(default=3, ge=1, le=100, description="Instances that run under load.")


def offers(options: CapabilityOptions, _given: Mapping[str, Any], _where: Place) -> str | None:
    """The model comes from a registry."""
    return why_no_reference(options)


IMPLEMENTATION = Implementation(
    description="MLServer on Cloud Run: a scikit-learn model from the registry over the Open Inference Protocol.",
    level="self-hosted",
    settings=Settings,
    sizes={
        "small": {},
        "medium": {"cpu": "2", "memory": "4Gi", "minimum": 2, "maximum": 10},
        "large": {"cpu": "4", "memory": "8Gi", "minimum": 3, "maximum": 30},
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
    notes=("a moved alias is served by instances that start afterwards: deploy a new revision",),
)
