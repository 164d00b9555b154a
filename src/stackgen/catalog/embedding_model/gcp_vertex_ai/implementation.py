"""An embedding model of Vertex AI."""

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import Field

from stackgen.catalog.embedding_model.capability import EmbeddingIdentity, find_identity
from stackgen.catalog.models import offer, soon_retired, why_not_dimensions, why_not_offered
from stackgen.contracts.openai_embeddings import profiles as openai_embeddings
from stackgen.contracts.profile import without
from stackgen.descriptors.model import (
    CapabilityOptions,
    Implementation,
    ImplementationSettings,
    NamesRegion,
    Place,
)
from stackgen.providers.fields import Identity
from stackgen.providers.gcp.properties import BEHIND_GATEWAY

ME = "gcp/vertex-ai"


class Settings(ImplementationSettings):
    """Settings of a Vertex AI model."""

    model_id: str | None = Field(
        default=None,
        pattern=r"^[\w./@-]+$",
        description="Vertex AI's identifier; from the table of models by the logical name if absent.",
    )
    location: Annotated[str | None, NamesRegion(("global", "eu", "us"))] = Field(
        default=None,
        pattern=r"^(global|eu|us|[a-z]+-[a-z]+\d+)$",
        description="Where requests are answered: a region, eu, us or global; by the table of models if absent.",
    )
    identity: EmbeddingIdentity | None = Identity


def offers(options: CapabilityOptions, given: Mapping[str, Any], where: Place) -> str | None:
    """A model must be served where data may go; an identifier of one's own is taken at its location's word."""
    location = given.get("location")
    if where.residency is not None and location is not None and location != where.region:
        if location != where.residency:
            return f"{ME} would answer in '{location}', and data must stay in '{where.residency}'"
    elif location is None and given.get("model_id") is not None:
        return f"{ME} needs `location` beside `model_id`"
    if given.get("model_id") is not None:
        missing = "an embedding model that is not in the table needs the setting `identity`"
        return missing if given.get("identity") is None else None
    chosen = options.model_dump()
    return why_not_offered(chosen["model"], "embedding", ME, where) or why_not_dimensions(
        chosen["model"], chosen["dimensions"]
    )


def resolve(options: CapabilityOptions, settings: ImplementationSettings, where: Place) -> Mapping[str, Any]:
    """Identifier, location and what its vectors are, by the table of models."""
    given, chosen = settings.model_dump(), options.model_dump()
    if given["model_id"] is not None:
        return {}
    found = offer(chosen["model"], ME, where)
    if found is None:
        return {}
    reach = {"global": "global", "geography": found.geography, "region": where.region}[found.reach]
    identity = find_identity(chosen["model"], chosen["dimensions"], "service")
    return {"model_id": found.id, "location": given["location"] or reach, "identity": identity}


def warns(options: CapabilityOptions, _settings: ImplementationSettings, where: Place) -> str | None:
    """A model's last day may be near."""
    return soon_retired(options.model_dump()["model"], ME, where)


IMPLEMENTATION = Implementation(
    description="A model of Vertex AI, paid by the token, reached through the stack's gateway.",
    level="saas",
    settings=Settings,
    sizes={"small": {}, "medium": {}, "large": {}},
    kept={"openai-embeddings": without(openai_embeddings.FULL, "unit-norm")},
    not_kept={
        "openai-embeddings": {
            "unit-norm": "vectors of gemini-embedding-001 that are cut below 3072 dimensions are not normalised "
            "(https://ai.google.dev/gemini-api/docs/embeddings#quality-for-smaller-dimensions)"
        }
    },
    refuses={"registry": "Vertex AI serves its own models here, not weights from a registry"},
    offers=offers,
    resolve=resolve,
    warns=warns,
    reached_through="ai_gateway",
    properties=BEHIND_GATEWAY,
    billing="per-use",
    licence="Google Cloud terms, and the model's own",
    default=True,
)
