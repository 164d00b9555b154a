"""MLServer as a Deployment."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from pydantic import Field

from stackgen.catalog.predictor.capability import why_no_reference
from stackgen.contracts.open_inference import profiles as open_inference
from stackgen.contracts.openmetrics import profiles as openmetrics
from stackgen.descriptors.model import CapabilityOptions, Implementation, ImplementationSettings, Place
from stackgen.providers.kubernetes.properties import SERVER, WITHOUT_AUTHENTICATION
from stackgen.providers.kubernetes.reasons import NO_AUTHENTICATION, PLAIN_HTTP
from stackgen.providers.versions import MLSERVER


class Settings(ImplementationSettings):
    """Settings of MLServer in a cluster."""

    image: str = Field(default=MLSERVER.use, description="MLServer's image.")
    cpu: str = Field(default="500m", pattern=r"^\d+m?$", description="CPU of a replica.")
    memory: str = Field(default="2Gi", pattern=r"^\d+(Mi|Gi)$", description="Memory of a replica.")
    minimum: int = Field(default=1, ge=1, le=100, description="Replicas that always run.")
    maximum: int = Field(default=1, ge=1, le=100, description="Replicas that run under load.")


def offers(options: CapabilityOptions, _given: Mapping[str, Any], _where: Place) -> str | None:
    """The model comes from a registry."""
    return why_no_reference(options)


IMPLEMENTATION = Implementation(
    description="MLServer as a Deployment: a scikit-learn model from the registry over the Open Inference Protocol.",
    level="self-hosted",
    settings=Settings,
    sizes={
        "small": {},
        "medium": {"cpu": "2", "memory": "4Gi", "minimum": 2, "maximum": 6},
        "large": {"cpu": "4", "memory": "8Gi", "minimum": 3, "maximum": 30},
    },
    kept={"open-inference": open_inference.WITHOUT_CREDENTIALS_AND_TLS, "openmetrics": openmetrics.FULL},
    not_kept={
        "open-inference": {
            "auth-required": NO_AUTHENTICATION,
            "wrong-credentials-refused": NO_AUTHENTICATION,
            "tls": PLAIN_HTTP,
        }
    },
    offers=offers,
    properties=replace(SERVER, authentication=WITHOUT_AUTHENTICATION),
    billing="own-machines",
    licence="Apache-2.0",
    notes=(
        "a moved alias is served by pods that start afterwards: `kubectl rollout restart` its Deployment",
    ),
)
