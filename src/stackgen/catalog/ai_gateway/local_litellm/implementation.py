"""LiteLLM's proxy as a process."""

from pydantic import Field

from stackgen.descriptors.model import Implementation, ImplementationSettings
from stackgen.providers.local.properties import SERVER

LOOPBACK = "the gateway listens on loopback without TLS; nothing crosses a network"


class Settings(ImplementationSettings):
    """Settings of a local LiteLLM."""

    timeout: int = Field(
        default=120, ge=1, le=3600, description="Longest wait for a model's answer, seconds."
    )
    retries: int = Field(default=1, ge=0, le=10, description="Times a failed request is tried again.")
    port: int | None = Field(default=None, ge=1024, le=65535, description="Port; a free one if absent.")


IMPLEMENTATION = Implementation(
    description="LiteLLM's proxy: one address and one key for every model of the stack.",
    level="bare",
    settings=Settings,
    sizes={"small": {}, "medium": {}, "large": {}},
    kept={
        "openai-chat": (
            "chat",
            "streaming",
            "usage-counts",
            "stop",
            "seed",
            "tool-calling",
            "streamed-tool-calls",
            "json-schema",
            "model-listed",
            "auth-required",
            "wrong-credentials-refused",
        ),
        "openai-embeddings": (
            "single",
            "batch",
            "stable-vector",
            "stated-dimension",
            "unit-norm",
            "auth-required",
            "wrong-credentials-refused",
        ),
        "openmetrics": ("exposition",),
    },
    not_kept={
        "openai-chat": {
            "unknown-parameter-is-error": "LiteLLM passes unknown fields on, and the model's server decides",
            "tls": LOOPBACK,
        },
        "openai-embeddings": {"tls": LOOPBACK},
    },
    properties=SERVER,
    billing="own-machines",
    licence="MIT (outside LiteLLM's enterprise folder, which is not used)",
    default=True,
)
