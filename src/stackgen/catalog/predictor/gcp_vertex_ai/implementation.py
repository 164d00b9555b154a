"""A predictive model on a Vertex AI endpoint."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from pydantic import Field

from stackgen.catalog.predictor.capability import why_no_reference
from stackgen.contracts.open_inference import profiles as open_inference
from stackgen.descriptors.model import CapabilityOptions, Implementation, ImplementationSettings, Place
from stackgen.providers.fields import ImageTag
from stackgen.providers.gcp.properties import SERVICE
from stackgen.providers.versions import PYTHON

NO_AUTHENTICATION = (
    "the protocol's clients send none; only the network of the environment reaches its address "
    "(https://cloud.google.com/run/docs/securing/ingress)"
)


class Settings(ImplementationSettings):
    """Settings of a Vertex AI endpoint."""

    image: str | None = Field(
        default=None,
        description="Image with the model in it; `image_tag` in a repository of the stack if absent.",
    )
    image_tag: str = ImageTag
    front_image: str = Field(default=PYTHON.use, description="Image that runs the front.")
    minimum: int = Field(default=1, ge=0, le=100, description="Instances of the front that always run.")
    maximum: int = Field(default=3, ge=1, le=100, description="Instances of the front that run under load.")


def offers(options: CapabilityOptions, _given: Mapping[str, Any], _where: Place) -> str | None:
    """The model comes from a registry."""
    return why_no_reference(options)


IMPLEMENTATION = Implementation(
    description="A registered scikit-learn model on a Vertex AI endpoint, over the Open Inference Protocol.",
    level="managed",
    settings=Settings,
    sizes={
        "small": {},
        "medium": {"minimum": 2, "maximum": 10},
        "large": {"minimum": 3, "maximum": 30},
    },
    kept={"open-inference": open_inference.WITHOUT_CREDENTIALS},
    not_kept={
        "open-inference": {
            "auth-required": NO_AUTHENTICATION,
            "wrong-credentials-refused": NO_AUTHENTICATION,
        }
    },
    offers=offers,
    properties=replace(
        SERVICE,
        encryption_at_rest=(
            "customer-key",
            "the endpoint is encrypted with the environment's key; the model is in an image",
        ),
        authentication=(
            "none",
            f"{NO_AUTHENTICATION}; the endpoint behind takes the front's service account only",
        ),
        high_availability=(
            "restart",
            "whoever deploys the model says how many replicas; one, if they say nothing",
        ),
    ),
    billing="always-on",
    licence="Google Cloud terms; Apache-2.0 (MLServer)",
    notes=(
        "Pulumi's provider has no resource that deploys a model of one's own to an endpoint: build the image with "
        "`open_inference_tunnel/Dockerfile`, push it, then `gcloud ai models upload --container-image-uri=<image> "
        "--container-ports=8080 --container-health-route=/ping --container-predict-route=/invocations` and "
        "`gcloud ai endpoints deploy-model`; machine type and replicas are said there",
        "until a model is deployed to the endpoint, requests are answered with 503",
        "a request is answered within 60 seconds and has at most 1.5 MB",
    ),
)
