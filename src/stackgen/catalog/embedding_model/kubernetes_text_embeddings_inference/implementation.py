"""Text Embeddings Inference in the cluster."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from pydantic import Field

from stackgen.catalog.embedding_model.capability import EmbeddingIdentity, open_weights, why_no_open_weights
from stackgen.contracts.openai_embeddings import profiles as openai_embeddings
from stackgen.contracts.openmetrics import profiles as openmetrics
from stackgen.descriptors.model import CapabilityOptions, Implementation, ImplementationSettings, Place
from stackgen.providers.fields import Hub, Identity, Repository, Revision
from stackgen.providers.kubernetes.properties import ONE_POD, SERVER
from stackgen.providers.kubernetes.reasons import PLAIN_HTTP
from stackgen.providers.versions import TEXT_EMBEDDINGS_INFERENCE

ME = "kubernetes/text-embeddings-inference"


class Settings(ImplementationSettings):
    """Settings of a Text Embeddings Inference server."""

    weights: str | None = Repository
    revision: str = Revision
    identity: EmbeddingIdentity | None = Identity
    hub: str = Hub
    image: str = Field(default=TEXT_EMBEDDINGS_INFERENCE.use, description="The server's image.")
    cpu: str = Field(default="2", pattern=r"^\d+m?$", description="CPU.")
    memory: str = Field(default="4Gi", pattern=r"^\d+Gi$", description="Memory.")
    storage: int = Field(default=10, ge=1, le=1000, description="Volume for the weights, GiB.")


def offers(options: CapabilityOptions, given: Mapping[str, Any], _where: Place) -> str | None:
    """Weights must be known, or said together with what their vectors are."""
    return why_no_open_weights(ME, options, given)


def resolve(options: CapabilityOptions, settings: ImplementationSettings, _where: Place) -> Mapping[str, Any]:
    """Repository, revision and identity by the table of models."""
    return open_weights(options, settings)


IMPLEMENTATION = Implementation(
    description="Text Embeddings Inference on CPUs: open weights, the same vectors as anywhere else.",
    level="self-hosted",
    settings=Settings,
    sizes={
        "small": {},
        "medium": {"cpu": "4", "memory": "8Gi"},
        "large": {"cpu": "16", "memory": "16Gi"},
    },
    kept={"openai-embeddings": openai_embeddings.WITHOUT_TLS, "openmetrics": openmetrics.FULL},
    not_kept={"openai-embeddings": {"tls": PLAIN_HTTP}},
    refuses={"registry": "the server loads weights from a hub, not from a registry"},
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
    licence="Apache-2.0 (Text Embeddings Inference); the weights have their own",
    default=True,
    notes=(
        "weights are fetched from the hub into a volume once; set `hub` to your mirror in a closed network",
    ),
)
