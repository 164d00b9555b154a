"""A model that turns text into vectors."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import Field

from stackgen.catalog.models import (
    gguf_file,
    models,
    warn_unpinned,
    why_no_weights,
    why_not_dimensions,
    why_not_fetched,
)
from stackgen.descriptors.model import Capability, CapabilityOptions, ImplementationSettings, Place, Refers


class EmbeddingIdentity(ImplementationSettings):
    """Properties that make vectors comparable, in addition to the model's name."""

    dimensions: int = Field(ge=1, le=16000, description="Length of the vectors.")
    revision: str = Field(description="Revision of the weights, or the service's identifier.")
    normalised: bool = Field(description="Whether vectors have norm 1.")
    metric: Literal["cosine", "l2", "inner-product"] = Field(description="How nearness is measured.")


def find_identity(model: str, dimensions: int | None, form: str) -> EmbeddingIdentity:
    """Identity of a model in the table. form: gguf, weights or service; dimensions: None for its own."""
    found = models()[model]
    length = dimensions or found.dimensions[0]
    return EmbeddingIdentity(dimensions=length, **found.identity(form))


def why_no_open_weights(who: str, options: CapabilityOptions, given: Mapping[str, Any]) -> str | None:
    """Say why `who` can't run a model's weights: they must be known, or said with what their vectors are."""
    chosen = options.model_dump()
    if given.get("weights") is None:
        return why_no_weights(chosen["model"], "embedding", "weights", who) or why_not_dimensions(
            chosen["model"], chosen["dimensions"]
        )
    if given.get("identity") is None:
        return "weights that are not in the table of models need the setting `identity`"
    return None


def open_weights(options: CapabilityOptions, settings: ImplementationSettings) -> Mapping[str, Any]:
    """Settings `weights`, `revision` and `identity` by the table of models, where `weights` does not say."""
    chosen = options.model_dump()
    if settings.model_dump()["weights"] is not None:
        return {}
    weights = models()[chosen["model"]].weights
    return {
        "weights": weights["repository"],
        "revision": weights.get("revision", "main"),
        "identity": find_identity(chosen["model"], chosen["dimensions"], "weights"),
    }


def why_no_gguf(who: str, options: CapabilityOptions, given: Mapping[str, Any]) -> str | None:
    """Say why `who` can't run a model's GGUF file: it must be known, and its vectors have the lengths it makes."""
    chosen, weights = options.model_dump(), given.get("weights")
    known = chosen["model"] in models()
    if weights is None:
        missing = why_no_weights(chosen["model"], "embedding", "gguf", who)
    elif known or chosen["dimensions"] is not None or given.get("identity") is not None:
        missing = None
    else:
        missing = f"model '{chosen['model']}' is not known here; say its `dimensions`"
    if missing is None and known:
        missing = why_not_dimensions(chosen["model"], chosen["dimensions"])
    if missing is None and str(weights).startswith("models:/") and chosen["registry"] is None:
        missing = f"weights {weights} are in a registry; say which one with `registry`"
    return missing or why_not_fetched(weights, given.get("digest"))


def gguf_weights(options: CapabilityOptions, settings: ImplementationSettings) -> Mapping[str, Any]:
    """Settings `weights`, `digest` and `identity` by the table of models, where `weights` does not say."""
    chosen, given = options.model_dump(), settings.model_dump()
    if given["weights"] is not None:
        own = EmbeddingIdentity(
            dimensions=chosen["dimensions"] or models()[chosen["model"]].dimensions[0],
            revision=given["digest"] or given["weights"],
            normalised=True,
            metric="cosine",
        )
        return {} if given["identity"] is not None else {"identity": own}
    source, digest = gguf_file(chosen["model"])
    found = {"weights": source, "digest": given["digest"] or digest}
    if given["identity"] is not None:
        return found
    return {**found, "identity": find_identity(chosen["model"], chosen["dimensions"], "gguf")}


def weights_of_hub(settings: ImplementationSettings, _where: Place) -> str:
    """Say why a server that fetches its weights whenever it starts needs the internet."""
    return f"its weights come from {getattr(settings, 'hub', 'a model hub')}"


def warn_of_unpinned(
    _options: CapabilityOptions, settings: ImplementationSettings, _where: Place
) -> str | None:
    """A warning where nothing says what the weights must be."""
    chosen = settings.model_dump()
    return warn_unpinned(chosen["weights"], chosen["digest"])


class EmbeddingModelOptions(CapabilityOptions):
    """Options of an embedding model."""

    model: str = Field(description="Logical model name, the same on every provider.")
    registry: Annotated[str | None, Refers(("model_registry",), reads=True)] = Field(
        default=None, description="The registry component its weights come from, if they come from one."
    )
    dimensions: int | None = Field(
        default=None, ge=1, le=16000, description="Length of its vectors, where the model leaves a choice."
    )


CAPABILITY = Capability(
    description="Turns text into vectors.",
    contracts=("openai-embeddings",),
    options=EmbeddingModelOptions,
)
