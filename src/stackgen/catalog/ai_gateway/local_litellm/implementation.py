"""LiteLLM's proxy as a process."""

from pydantic import Field

from stackgen.contracts.openai_chat import profiles as openai_chat
from stackgen.contracts.openai_embeddings import profiles as openai_embeddings
from stackgen.contracts.openmetrics import profiles as openmetrics
from stackgen.descriptors.model import Implementation, ImplementationSettings
from stackgen.providers.fields import Port
from stackgen.providers.local.properties import SERVER
from stackgen.providers.local.reasons import ON_LOOPBACK


class Settings(ImplementationSettings):
    """Settings of a local LiteLLM."""

    timeout: int = Field(
        default=120, ge=1, le=3600, description="Longest wait for a model's answer, seconds."
    )
    retries: int = Field(default=1, ge=0, le=10, description="Times a failed request is tried again.")
    port: int | None = Port


IMPLEMENTATION = Implementation(
    description="LiteLLM's proxy: one address and one key for every model of the stack.",
    level="bare",
    settings=Settings,
    sizes={"small": {}, "medium": {}, "large": {}},
    kept={
        "openai-chat": openai_chat.LENIENT_WITHOUT_TLS,
        "openai-embeddings": openai_embeddings.WITHOUT_TLS,
        "openmetrics": openmetrics.FULL,
    },
    not_kept={
        "openai-chat": {
            "unknown-parameter-is-error": "LiteLLM passes unknown fields on, and the model's server decides",
            "tls": ON_LOOPBACK,
        },
        "openai-embeddings": {"tls": ON_LOOPBACK},
    },
    properties=SERVER,
    billing="own-machines",
    licence="MIT (outside LiteLLM's enterprise folder, which is not used)",
    default=True,
)
