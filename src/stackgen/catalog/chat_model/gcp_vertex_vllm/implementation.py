"""A chat model with open weights on a Vertex AI endpoint, served by vLLM."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from pydantic import Field

from stackgen.catalog.models import models, why_no_weights
from stackgen.contracts.openai_chat import profiles as openai_chat
from stackgen.descriptors.model import CapabilityOptions, Implementation, ImplementationSettings, Place
from stackgen.providers.gcp.properties import BEHIND_GATEWAY
from stackgen.providers.reasons import VLLM_IGNORES_UNKNOWN_FIELDS

ME = "gcp/vertex-vllm"


class Settings(ImplementationSettings):
    """Settings of a vLLM endpoint."""

    weights: str | None = Field(
        default=None,
        pattern=r"^[\w.-]+/[\w.-]+$",
        description="Repository on Hugging Face; from the table of models by the logical name if absent.",
    )
    gated: bool = Field(
        default=False, description="Whether the weights need a token: the secret `huggingFaceToken`."
    )
    machine_type: str = Field(
        default="g2-standard-12", pattern=r"^[a-z0-9-]+$", description="Machine, with GPUs."
    )
    accelerator: str = Field(default="NVIDIA_L4", pattern=r"^[A-Z0-9_]+$", description="Kind of GPU.")
    accelerators: int = Field(default=1, ge=1, le=16, description="GPUs of a machine.")
    replicas: int = Field(default=1, ge=1, le=50, description="Machines that always run.")


def offers(options: CapabilityOptions, given: Mapping[str, Any], _where: Place) -> str | None:
    """Open weights must be known, or said."""
    if given.get("weights") is not None:
        return None
    return why_no_weights(options.model_dump()["model"], "chat", "weights", ME)


def resolve(options: CapabilityOptions, settings: ImplementationSettings, _where: Place) -> Mapping[str, Any]:
    """Repository by the table of models."""
    if settings.model_dump()["weights"] is not None:
        return {}
    weights = models()[options.model_dump()["model"]].weights
    return {"weights": weights["repository"], "gated": bool(weights.get("gated", False))}


IMPLEMENTATION = Implementation(
    description="Open weights on GPUs of a Vertex AI endpoint, served by vLLM, reached through the gateway.",
    level="managed",
    settings=Settings,
    sizes={
        "small": {},
        "medium": {"machine_type": "g2-standard-24", "accelerators": 2, "replicas": 2},
        "large": {
            "machine_type": "a3-highgpu-8g",
            "accelerator": "NVIDIA_H100_80GB",
            "accelerators": 8,
            "replicas": 2,
        },
    },
    kept={"openai-chat": openai_chat.LENIENT},
    not_kept={"openai-chat": {"unknown-parameter-is-error": VLLM_IGNORES_UNKNOWN_FIELDS}},
    refuses={"registry": "the endpoint loads weights from Hugging Face; name them with `weights`"},
    offers=offers,
    resolve=resolve,
    reached_through="ai_gateway",
    properties=replace(
        BEHIND_GATEWAY,
        encryption_at_rest=(
            "provider-key",
            "the deployed weights are encrypted with Google's keys: a deployment from Model Garden takes "
            "none of yours",
        ),
        high_availability=(
            "restart",
            "one replica at size small, started again by Vertex AI; `replicas` makes more",
        ),
    ),
    billing="always-on",
    gpu=True,
    licence="Apache-2.0 (vLLM); the weights have their own, which deploying them accepts",
    notes=(
        "weights that ask for a token need it as a secret: pulumi config set --secret huggingFaceToken",
        "GPUs need a quota in the project",
    ),
)
