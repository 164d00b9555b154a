"""A model that turns text into vectors."""

from typing import Annotated

from pydantic import Field

from stackgen.catalog.model import Capability, CapabilityOptions, Refers


class EmbeddingModelOptions(CapabilityOptions):
    """Options of an embedding model."""

    model: str = Field(description="Logical model name, the same on every provider.")
    registry: Annotated[str | None, Refers(("model_registry",))] = Field(
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
