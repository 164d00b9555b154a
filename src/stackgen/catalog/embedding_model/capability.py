"""A model that turns text into vectors."""

from pydantic import Field

from stackgen.catalog.model import Capability, CapabilityOptions


class EmbeddingModelOptions(CapabilityOptions):
    """Options of an embedding model."""

    model: str = Field(description="Logical model name, the same on every provider.")
    dimensions: int | None = Field(
        default=None, ge=1, le=16000, description="Length of its vectors, where the model leaves a choice."
    )


CAPABILITY = Capability(
    description="Turns text into vectors.",
    contracts=("openai-embeddings",),
    options=EmbeddingModelOptions,
)
