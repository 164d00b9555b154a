"""A store of embeddings with metadata, searched by nearness."""

from collections.abc import Mapping
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from stackgen.descriptors.model import Capability, CapabilityOptions, ForStackgen, Refers

LONGEST_INDEXED = 2000  # dimensions of pgvector's type `vector`: https://github.com/pgvector/pgvector#hnsw
NAME = r"^[a-z_][a-z0-9_]{0,47}$"


class Collection(BaseModel):
    """A table of texts and their embeddings, as the application keeps it."""

    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True)

    table: str = Field(pattern=NAME, description="Name of the table.")
    db_schema: str = Field(default="public", alias="schema", pattern=NAME, description="Schema of the table.")
    text: str = Field(pattern=NAME, description="Column with the text that is embedded.")
    embedding: str = Field(pattern=NAME, description="Column with the embedding.")


class VectorStoreOptions(CapabilityOptions):
    """Options of a vector store."""

    dimensions: int = Field(default=384, ge=1, le=16000, description="Length of the embeddings to be stored.")
    embedded_by: Annotated[str | None, Refers(("embedding_model",), waits=False), ForStackgen()] = Field(
        default=None,
        description="The component that makes its embeddings: another model is refused without a reindex.",
    )
    collections: Annotated[tuple[Collection, ...] | None, ForStackgen()] = Field(
        default=None, description="Tables that a swap of the embedding model makes anew."
    )

    @model_validator(mode="after")
    def _collections_are_somebodys(self) -> Self:
        if self.collections is not None and self.embedded_by is None:
            raise ValueError("`collections` need `embedded_by`: the component that makes their embeddings")
        return self


def limits(options: VectorStoreOptions) -> Mapping[str, Mapping[str, str]]:
    """Long vectors can be stored and compared, and not indexed."""
    if options.dimensions <= LONGEST_INDEXED:
        return {}
    why = (
        f"an HNSW index over columns of type `vector` takes at most {LONGEST_INDEXED} dimensions, and "
        f"{options.dimensions} are asked for"
    )
    return {"pgvector": {"hnsw-index": why, "dimension-limit": why}}


CAPABILITY = Capability(
    description="Stores embeddings with metadata and searches them by nearness.",
    contracts=("pgvector",),
    options=VectorStoreOptions,
    limits=limits,
)
