"""Text Embeddings Inference on ECS Fargate."""

from collections.abc import Mapping
from typing import Any

from pydantic import Field

from stackgen.catalog.embedding_model.capability import (
    EmbeddingIdentity,
    open_weights,
    weights_of_hub,
    why_no_open_weights,
)
from stackgen.contracts.openai_embeddings import profiles as openai_embeddings
from stackgen.contracts.openmetrics import profiles as openmetrics
from stackgen.descriptors.model import CapabilityOptions, Implementation, ImplementationSettings, Place
from stackgen.providers.aws.properties import SERVICE
from stackgen.providers.fields import Hub, Identity, Repository, Revision
from stackgen.providers.versions import TEXT_EMBEDDINGS_INFERENCE

ME = "aws/text-embeddings-inference"


class Settings(ImplementationSettings):
    """Settings of a Text Embeddings Inference server."""

    weights: str | None = Repository
    revision: str = Revision
    identity: EmbeddingIdentity | None = Identity
    hub: str = Hub
    image: str = Field(default=TEXT_EMBEDDINGS_INFERENCE.use, description="The server's image.")
    cpu: int = Field(default=2048, description="CPU of a task, thousandths of a vCPU.")
    memory: int = Field(default=4096, description="Memory of a task, MiB.")
    minimum: int = Field(default=1, ge=1, le=100, description="Tasks that always run.")
    maximum: int = Field(default=2, ge=1, le=100, description="Tasks that run under load.")


def offers(options: CapabilityOptions, given: Mapping[str, Any], _where: Place) -> str | None:
    """Weights must be known, or said together with what their vectors are."""
    return why_no_open_weights(ME, options, given)


def resolve(options: CapabilityOptions, settings: ImplementationSettings, _where: Place) -> Mapping[str, Any]:
    """Repository, revision and identity by the table of models."""
    return open_weights(options, settings)


IMPLEMENTATION = Implementation(
    description="Text Embeddings Inference on ECS Fargate: open weights, the same vectors as anywhere else.",
    level="self-hosted",
    settings=Settings,
    internet=weights_of_hub,
    sizes={
        "small": {},
        "medium": {"cpu": 4096, "memory": 8192, "minimum": 2, "maximum": 6},
        "large": {"cpu": 8192, "memory": 16384, "minimum": 3, "maximum": 20},
    },
    kept={"openai-embeddings": openai_embeddings.FULL, "openmetrics": openmetrics.FULL},
    refuses={"registry": "the server loads weights from a hub, not from a registry"},
    offers=offers,
    resolve=resolve,
    properties=SERVICE,
    billing="always-on",
    licence="Apache-2.0 (Text Embeddings Inference); the weights have their own",
    notes=(
        "weights are fetched from the hub when a task starts; set `hub` to your mirror in a closed network",
    ),
)
