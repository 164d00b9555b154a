"""Text Embeddings Inference on Cloud Run."""

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
from stackgen.providers.fields import Hub, Identity, Repository, Revision
from stackgen.providers.gcp.properties import SERVICE
from stackgen.providers.versions import TEXT_EMBEDDINGS_INFERENCE

ME = "gcp/text-embeddings-inference"


class Settings(ImplementationSettings):
    """Settings of a Text Embeddings Inference server."""

    weights: str | None = Repository
    revision: str = Revision
    identity: EmbeddingIdentity | None = Identity
    hub: str = Hub
    image: str = Field(default=TEXT_EMBEDDINGS_INFERENCE.use, description="The server's image.")
    cpu: str = Field(default="2", pattern=r"^[1-8]$", description="CPUs of an instance.")
    memory: str = Field(default="4Gi", pattern=r"^\d+Gi$", description="Memory of an instance.")
    minimum: int = Field(default=1, ge=0, le=100, description="Instances that always run.")
    maximum: int = Field(default=3, ge=1, le=100, description="Instances that run under load.")


def offers(options: CapabilityOptions, given: Mapping[str, Any], _where: Place) -> str | None:
    """Weights must be known, or said together with what their vectors are."""
    return why_no_open_weights(ME, options, given)


def resolve(options: CapabilityOptions, settings: ImplementationSettings, _where: Place) -> Mapping[str, Any]:
    """Repository, revision and identity by the table of models."""
    return open_weights(options, settings)


IMPLEMENTATION = Implementation(
    description="Text Embeddings Inference on Cloud Run: open weights, the same vectors as anywhere else.",
    level="self-hosted",
    settings=Settings,
    internet=weights_of_hub,
    sizes={
        "small": {},
        "medium": {"cpu": "4", "memory": "8Gi", "minimum": 2, "maximum": 10},
        "large": {"cpu": "8", "memory": "16Gi", "minimum": 3, "maximum": 30},
    },
    kept={"openai-embeddings": openai_embeddings.FULL, "openmetrics": openmetrics.FULL},
    refuses={"registry": "the server loads weights from a hub, not from a registry"},
    offers=offers,
    resolve=resolve,
    properties=SERVICE,
    billing="always-on",
    licence="Apache-2.0 (Text Embeddings Inference); the weights have their own",
    notes=(
        "weights are fetched from the hub when an instance starts; set `hub` to your mirror in a closed network",
    ),
)
