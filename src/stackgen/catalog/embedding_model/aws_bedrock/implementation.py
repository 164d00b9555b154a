"""An embedding model of Amazon Bedrock."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from pydantic import Field

from stackgen.catalog.embedding_model.capability import EmbeddingIdentity, find_identity
from stackgen.catalog.models import offer, soon_retired, why_not_dimensions, why_not_offered
from stackgen.contracts.openai_embeddings import profiles as openai_embeddings
from stackgen.descriptors.model import CapabilityOptions, Implementation, ImplementationSettings, Place
from stackgen.providers.aws.properties import BEHIND_GATEWAY
from stackgen.providers.fields import Identity

ME = "aws/bedrock"


class Settings(ImplementationSettings):
    """Settings of a Bedrock model."""

    model_id: str | None = Field(
        default=None,
        pattern=r"^[a-z0-9-]+\.[\w.:-]+$",
        description="Bedrock's identifier; from the table of models by the logical name if absent.",
    )
    profile: str | None = Field(
        default=None,
        pattern="^(us|eu|apac|jp|au|ca|global)$",
        description="Geography within which requests may be answered; the region alone if absent.",
    )
    identity: EmbeddingIdentity | None = Identity


def offers(options: CapabilityOptions, given: Mapping[str, Any], where: Place) -> str | None:
    """A model must be served where data may go, at the length asked for."""
    chosen = options.model_dump()
    if given.get("model_id") is None:
        return why_not_offered(chosen["model"], "embedding", ME, where) or why_not_dimensions(
            chosen["model"], chosen["dimensions"]
        )
    if given.get("identity") is None:
        return "an embedding model that is not in the table needs the setting `identity`"
    profile = given.get("profile")
    if where.residency is not None and profile is not None and profile != where.residency:
        return f"{ME} may answer within '{profile}', and data must stay in '{where.residency}'"
    return None


def resolve(options: CapabilityOptions, settings: ImplementationSettings, where: Place) -> Mapping[str, Any]:
    """Identifier, profile and what its vectors are, by the table of models."""
    chosen = options.model_dump()
    if settings.model_dump()["model_id"] is not None:
        return {}
    found = offer(chosen["model"], ME, where)
    if found is None:
        return {}
    profile = "global" if found.reach == "global" else found.geography
    identity = find_identity(chosen["model"], chosen["dimensions"], "service")
    return {"model_id": found.id, "profile": profile, "identity": identity}


def warns(options: CapabilityOptions, _settings: ImplementationSettings, where: Place) -> str | None:
    """A model's last day may be near."""
    return soon_retired(options.model_dump()["model"], ME, where)


IMPLEMENTATION = Implementation(
    description="A model of Amazon Bedrock, paid by the token, reached through the stack's gateway.",
    level="saas",
    settings=Settings,
    sizes={"small": {}, "medium": {}, "large": {}},
    kept={"openai-embeddings": openai_embeddings.FULL},
    refuses={"registry": "Bedrock serves its own models, not weights from a registry"},
    offers=offers,
    resolve=resolve,
    warns=warns,
    reached_through="ai_gateway",
    properties=replace(
        BEHIND_GATEWAY,
        encryption_at_rest=(
            "not-applicable",
            "Bedrock stores no texts and no vectors "
            "(https://docs.aws.amazon.com/bedrock/latest/userguide/data-protection.html)",
        ),
    ),
    billing="per-use",
    licence="AWS service terms, and the model's own",
    default=True,
)
