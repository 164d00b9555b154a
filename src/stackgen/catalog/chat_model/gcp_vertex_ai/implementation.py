"""A chat model of Vertex AI."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Annotated, Any

from pydantic import Field

from stackgen.catalog.models import offer, soon_retired, why_not_offered
from stackgen.contracts.openai_chat import profiles as openai_chat
from stackgen.descriptors.model import (
    CapabilityOptions,
    Implementation,
    ImplementationSettings,
    NamesRegion,
    Place,
)
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


def offers(options: CapabilityOptions, given: Mapping[str, Any], where: Place) -> str | None:
    """A model must be served where data may go; an identifier of one's own is taken at its location's word."""
    location = given.get("location")
    if where.residency is not None and location is not None and location != where.region:
        if location != where.residency:
            return f"{ME} would answer in '{location}', and data must stay in '{where.residency}'"
    elif location is None and given.get("model_id") is not None:
        return f"{ME} needs `location` beside `model_id`"
    if given.get("model_id") is not None:
        return None
    return why_not_offered(options.model_dump()["model"], "chat", ME, where)


def resolve(options: CapabilityOptions, settings: ImplementationSettings, where: Place) -> Mapping[str, Any]:
    """Identifier and location by the table of models."""
    given = settings.model_dump()
    if given["model_id"] is not None:
        return {}
    found = offer(options.model_dump()["model"], ME, where)
    if found is None:
        return {}
    reach = {"global": "global", "geography": found.geography, "region": where.region}[found.reach]
    return {"model_id": found.id, "location": given["location"] or reach}


def warns(options: CapabilityOptions, _settings: ImplementationSettings, where: Place) -> str | None:
    """A model's last day may be near."""
    return soon_retired(options.model_dump()["model"], ME, where)


IMPLEMENTATION = Implementation(
    description="A model of Vertex AI, paid by the token, reached through the stack's gateway.",
    level="saas",
    settings=Settings,
    sizes={"small": {}, "medium": {}, "large": {}},
    kept={"openai-chat": openai_chat.LENIENT_WITHOUT_SEED},
    not_kept={
        "openai-chat": {
            "seed": "the same seed makes a best effort at the same answer, and does not promise it "
            "(https://cloud.google.com/vertex-ai/generative-ai/docs/model-reference/inference)",
            "unknown-parameter-is-error": "LiteLLM passes unknown fields on, and the model decides "
            "(https://docs.litellm.ai/docs/completion/provider_specific_params)",
        }
    },
    refuses={"registry": "Vertex AI serves its own models here, not weights from a registry"},
    offers=offers,
    resolve=resolve,
    warns=warns,
    reached_through="ai_gateway",
    properties=replace(
        BEHIND_GATEWAY,
        encryption_at_rest=(
            "not-applicable",
            "prompts are cached in memory for up to 24 hours unless that is switched off for the project "
            "(https://cloud.google.com/vertex-ai/generative-ai/docs/data-governance)",
        ),
    ),
    billing="per-use",
    licence="Google Cloud terms, and the model's own",
    default=True,
)
