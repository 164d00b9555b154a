"""A predictive model on a SageMaker endpoint."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from pydantic import Field

from stackgen.catalog.predictor.capability import why_no_reference
from stackgen.contracts.open_inference import profiles as open_inference
from stackgen.descriptors.model import CapabilityOptions, Implementation, ImplementationSettings, Place
from stackgen.providers.aws.images import public_image_reason
from stackgen.providers.aws.properties import SERVICE
from stackgen.providers.fields import ImageTag
from stackgen.providers.versions import PYTHON_FROM_ECR

NO_AUTHENTICATION = (
    "the protocol's clients send none; only the security groups of its callers reach the service network "
    "(https://docs.aws.amazon.com/vpc-lattice/latest/ug/security-groups.html)"
)


class Settings(ImplementationSettings):
    """Settings of a SageMaker endpoint."""

    image: str | None = Field(
        default=None,
        description="Image with the model in it; `image_tag` in a repository of the stack if absent.",
    )
    image_tag: str = ImageTag
    front_image: str = Field(default=PYTHON_FROM_ECR.use, description="Image that runs the front.")
    instance_type: str = Field(
        default="ml.m7i.large", pattern=r"^ml\.[a-z0-9-]+\.[a-z0-9]+$", description="Instance type."
    )
    minimum: int = Field(default=1, ge=1, le=50, description="Instances that always run.")
    maximum: int = Field(default=2, ge=1, le=50, description="Instances that run under load.")
    requests_per_minute: int = Field(
        default=600,
        ge=1,
        le=100000,
        description="Requests per minute and instance, beyond which one is added.",
    )


def offers(options: CapabilityOptions, _given: Mapping[str, Any], _where: Place) -> str | None:
    """The model comes from a registry."""
    return why_no_reference(options)


IMPLEMENTATION = Implementation(
    description="A registered scikit-learn model on a SageMaker endpoint, over the Open Inference Protocol.",
    level="managed",
    settings=Settings,
    internet=public_image_reason,
    sizes={
        "small": {},
        "medium": {"instance_type": "ml.m7i.xlarge", "minimum": 2, "maximum": 6},
        "large": {"instance_type": "ml.m7i.4xlarge", "minimum": 3, "maximum": 20},
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
            "the endpoint's disks with the environment's KMS key; the model is in an image",
        ),
        authentication=(
            "none",
            f"{NO_AUTHENTICATION}; the endpoint behind takes signed requests of the front's role only",
        ),
        high_availability=(
            "restart",
            "one instance at size small; from two on (`minimum`) they are spread over zones",
        ),
    ),
    billing="always-on",
    licence="AWS terms; Apache-2.0 (MLServer, signing proxy)",
    notes=(
        "build its image with `open_inference_tunnel/Dockerfile` and push it before the endpoint is created: "
        "apply first with `pulumi up --target` on its repository, or give `image`",
        "a moved alias is served once an image with it is pushed and `image_tag` says so",
        "a request is answered within 60 seconds and has at most 1.5 MB",
    ),
)
