"""A store of embeddings with metadata, searched by nearness."""

from pydantic import Field

from stackgen.catalog.model import Capability, CapabilityOptions


class VectorStoreOptions(CapabilityOptions):
    """Options of a vector store."""

    dimensions: int = Field(default=384, ge=1, le=16000, description="Length of the embeddings to be stored.")


CAPABILITY = Capability(
    description="Stores embeddings with metadata and searches them by nearness.",
    contracts=("pgvector",),
    options=VectorStoreOptions,
)
