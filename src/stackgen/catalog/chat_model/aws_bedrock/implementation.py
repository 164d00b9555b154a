"""A chat model of Amazon Bedrock."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from pydantic import Field

from stackgen.catalog.models import offer, soon_retired, why_not_offered
from stackgen.contracts.openai_chat import profiles as openai_chat
from stackgen.descriptors.model import CapabilityOptions, Implementation, ImplementationSettings, Place
from stackgen.providers.aws.properties import BEHIND_GATEWAY

ME = "aws/bedrock"
PARAMETERS = "https://docs.aws.amazon.com/bedrock/latest/userguide/conversation-inference-call.html"


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


def offers(options: CapabilityOptions, given: Mapping[str, Any], where: Place) -> str | None:
    """A model must be served where data may go; an identifier of one's own is taken at its profile's word."""
    if given.get("model_id") is None:
        return why_not_offered(options.model_dump()["model"], "chat", ME, where)
    profile = given.get("profile")
    if where.residency is not None and profile is not None and profile != where.residency:
        return f"{ME} may answer within '{profile}', and data must stay in '{where.residency}'"
    return None


def resolve(options: CapabilityOptions, settings: ImplementationSettings, where: Place) -> Mapping[str, Any]:
    """Identifier and profile by the table of models."""
    if settings.model_dump()["model_id"] is not None:
        return {}
    found = offer(options.model_dump()["model"], ME, where)
    if found is None:
        return {}
    return {"model_id": found.id, "profile": "global" if found.reach == "global" else found.geography}


def warns(options: CapabilityOptions, _settings: ImplementationSettings, where: Place) -> str | None:
    """A model's last day may be near."""
    return soon_retired(options.model_dump()["model"], ME, where)


IMPLEMENTATION = Implementation(
    description="A model of Amazon Bedrock, paid by the token, reached through the stack's gateway.",
    level="saas",
    settings=Settings,
    sizes={"small": {}, "medium": {}, "large": {}},
    kept={"openai-chat": openai_chat.LENIENT_WITHOUT_SEED},
    not_kept={
        "openai-chat": {
            "seed": f"Bedrock's Converse API has no seed ({PARAMETERS})",
            "unknown-parameter-is-error": "LiteLLM passes unknown fields on as model-specific ones, and the "
            "model decides (https://docs.litellm.ai/docs/completion/provider_specific_params)",
        }
    },
    refuses={"registry": "Bedrock serves its own models, not weights from a registry"},
    offers=offers,
    resolve=resolve,
    warns=warns,
    reached_through="ai_gateway",
    properties=replace(
        BEHIND_GATEWAY,
        encryption_at_rest=(
            "not-applicable",
            "Bedrock stores no prompts and no answers "
            "(https://docs.aws.amazon.com/bedrock/latest/userguide/data-protection.html)",
        ),
    ),
    billing="per-use",
    licence="AWS service terms, and the model's own",
    default=True,
)
