"""A chat model with open weights, served by vLLM on the cluster's GPUs."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from pydantic import Field

from stackgen.catalog.models import models, why_no_weights
from stackgen.contracts.openai_chat import profiles as openai_chat
from stackgen.contracts.openmetrics import profiles as openmetrics
from stackgen.descriptors.model import CapabilityOptions, Implementation, ImplementationSettings, Place
from stackgen.providers.fields import Hub, Repository, Revision
from stackgen.providers.kubernetes.properties import ONE_POD, SERVER
from stackgen.providers.kubernetes.reasons import PLAIN_HTTP
from stackgen.providers.reasons import VLLM_IGNORES_UNKNOWN_FIELDS
from stackgen.providers.versions import VLLM

ME = "kubernetes/vllm"


class Settings(ImplementationSettings):
    """Settings of a vLLM server."""

    weights: str | None = Repository
    revision: str = Revision
    gated: bool = Field(
        default=False, description="Whether the weights need a token: the secret `huggingFaceToken`."
    )
    hub: str = Hub
    image: str = Field(default=VLLM.use, description="vLLM's image.")
    gpus: int = Field(default=1, ge=1, le=16, description="GPUs that share the model.")
    cpu: str = Field(default="4", pattern=r"^\d+m?$", description="CPU.")
    memory: str = Field(default="32Gi", pattern=r"^\d+Gi$", description="Memory.")
    storage: int = Field(default=100, ge=1, le=4000, description="Volume for the weights, GiB.")
    context: int = Field(default=8192, ge=256, le=1048576, description="Context window, tokens.")
    tool_call_parser: str = Field(
        default="hermes",
        pattern=r"^[a-z0-9_]+$",
        description="How the model writes tool calls "
        "(https://docs.vllm.ai/en/latest/features/tool_calling.html).",
    )


def offers(options: CapabilityOptions, given: Mapping[str, Any], _where: Place) -> str | None:
    """Open weights must be known, or said."""
    if given.get("weights") is not None:
        return None
    return why_no_weights(options.model_dump()["model"], "chat", "weights", ME)


def resolve(options: CapabilityOptions, settings: ImplementationSettings, _where: Place) -> Mapping[str, Any]:
    """Repository and revision by the table of models."""
    if settings.model_dump()["weights"] is not None:
        return {}
    weights = models()[options.model_dump()["model"]].weights
    return {
        "weights": weights["repository"],
        "revision": weights.get("revision", "main"),
        "gated": bool(weights.get("gated", False)),
    }


IMPLEMENTATION = Implementation(
    description="Open weights on the cluster's GPUs, served by vLLM behind the OpenAI API with a key.",
    level="self-hosted",
    settings=Settings,
    sizes={
        "small": {},
        "medium": {"gpus": 2, "cpu": "8", "memory": "64Gi", "context": 16384},
        "large": {"gpus": 8, "cpu": "32", "memory": "256Gi", "context": 32768},
    },
    kept={"openai-chat": openai_chat.LENIENT_WITHOUT_TLS, "openmetrics": openmetrics.FULL},
    not_kept={
        "openai-chat": {
            "unknown-parameter-is-error": VLLM_IGNORES_UNKNOWN_FIELDS,
            "tls": PLAIN_HTTP,
        }
    },
    refuses={"registry": "the server loads weights from a hub; name them with `weights`"},
    offers=offers,
    resolve=resolve,
    properties=replace(
        SERVER,
        encryption_at_rest=(
            "not-applicable",
            "it keeps no data but weights it can fetch again; its Secrets are in etcd",
        ),
        high_availability=ONE_POD,
    ),
    billing="own-machines",
    gpu=True,
    licence="Apache-2.0 (vLLM); the weights have their own",
    default=True,
    notes=(
        "weights that ask for a token need it as a secret: pulumi config set --secret huggingFaceToken",
        "weights are fetched from the hub into a volume once; set `hub` to your mirror in a closed network",
        "the nodes must offer GPUs through a device plugin, such as NVIDIA's",
    ),
)
