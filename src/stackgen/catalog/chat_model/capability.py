"""A language model that answers chat requests."""

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import Field

from stackgen.catalog.models import gguf_file, warn_unpinned, why_no_weights, why_not_fetched
from stackgen.descriptors.model import Capability, CapabilityOptions, ImplementationSettings, Place, Refers


def why_no_gguf(who: str, options: CapabilityOptions, given: Mapping[str, Any]) -> str | None:
    """Say why `who` can't run a model's GGUF file: without weights it must be one whose weights are known."""
    chosen, weights = options.model_dump(), given.get("weights")
    if weights is None:
        return why_no_weights(chosen["model"], "chat", "gguf", who)
    if str(weights).startswith("models:/") and chosen["registry"] is None:
        return f"weights {weights} are in a registry; say which one with `registry`"
    return why_not_fetched(weights, given.get("digest"))


def gguf_weights(options: CapabilityOptions, settings: ImplementationSettings) -> Mapping[str, Any]:
    """Settings `weights` and `digest` by the table of models, where `weights` does not say."""
    if settings.model_dump()["weights"] is not None:
        return {}
    source, digest = gguf_file(options.model_dump()["model"])
    return {"weights": source, "digest": settings.model_dump()["digest"] or digest}


def warn_of_unpinned(
    _options: CapabilityOptions, settings: ImplementationSettings, _where: Place
) -> str | None:
    """A warning where nothing says what the weights must be."""
    chosen = settings.model_dump()
    return warn_unpinned(chosen["weights"], chosen["digest"])


class ChatModelOptions(CapabilityOptions):
    """Options of a chat model."""

    model: str = Field(description="Logical model name, the same on every provider.")
    registry: Annotated[str | None, Refers(("model_registry",), reads=True)] = Field(
        default=None, description="The registry component its weights come from, if they come from one."
    )


CAPABILITY = Capability(
    description="Answers chat requests.",
    contracts=("openai-chat",),
    options=ChatModelOptions,
)
