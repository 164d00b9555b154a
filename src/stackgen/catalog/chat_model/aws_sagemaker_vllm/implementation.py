"""A chat model with open weights on a SageMaker endpoint, served by vLLM."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from pydantic import Field

from stackgen.catalog.models import why_no_weights
from stackgen.contracts.openai_chat import profiles as openai_chat
from stackgen.descriptors.model import CapabilityOptions, Implementation, ImplementationSettings, Place
from stackgen.providers.aws.properties import BEHIND_GATEWAY
from stackgen.providers.reasons import VLLM_IGNORES_UNKNOWN_FIELDS
from stackgen.providers.versions import AWS_DEEP_JAVA_LIBRARY

ME = "aws/sagemaker-vllm"


class Settings(ImplementationSettings):
    """Settings of a vLLM endpoint."""

    weights: str | None = Field(
        default=None,
        pattern=r"^s3://[a-z0-9.-]+/[\w./-]+$",
        description="Folder of the weights in S3; <model>/ in a bucket of the stack if absent.",
    )
    container: str = Field(
        default=AWS_DEEP_JAVA_LIBRARY.use,
        pattern=r"^[\w.-]+$",
        description="Tag of AWS's djl-inference container.",
    )
    instance_type: str = Field(
        default="ml.g6.2xlarge",
        pattern=r"^ml\.[a-z0-9-]+\.[a-z0-9]+$",
        description="Instance type, with GPUs.",
    )
    instances: int = Field(default=1, ge=1, le=50, description="Instances.")
    context: int = Field(default=8192, ge=256, le=1048576, description="Context window, tokens.")


def offers(options: CapabilityOptions, given: Mapping[str, Any], _where: Place) -> str | None:
    """Open weights must be known, or their place in S3 said."""
    if given.get("weights") is not None:
        return None
    return why_no_weights(options.model_dump()["model"], "chat", "weights", ME)


IMPLEMENTATION = Implementation(
    description="Open weights on GPUs of a SageMaker endpoint, served by vLLM, reached through the gateway.",
    level="managed",
    settings=Settings,
    sizes={
        "small": {},
        "medium": {"instance_type": "ml.g6e.4xlarge", "instances": 2, "context": 16384},
        "large": {"instance_type": "ml.p5.48xlarge", "instances": 2, "context": 65536},
    },
    kept={"openai-chat": openai_chat.LENIENT},
    not_kept={"openai-chat": {"unknown-parameter-is-error": VLLM_IGNORES_UNKNOWN_FIELDS}},
    refuses={"registry": "the endpoint loads weights from S3; name their folder with `weights`"},
    offers=offers,
    reached_through="ai_gateway",
    properties=replace(
        BEHIND_GATEWAY,
        encryption_at_rest=(
            "customer-key",
            "weights and the endpoint's disks are encrypted with the environment's KMS key",
        ),
        backup=("versions", "old versions of the weights are kept for 90 days in a bucket of the stack's"),
        high_availability=(
            "restart",
            "one instance at size small; from two on (`instances`) they are spread over zones",
        ),
    ),
    billing="always-on",
    gpu=True,
    licence="Apache-2.0 (vLLM, DJL Serving); the weights have their own",
    notes=(
        "copy the weights to S3 before the endpoint is created: apply first with "
        "`pulumi up --target` on its bucket, or give their folder with `weights`",
        "GPU instances need a service quota in the account",
    ),
)
