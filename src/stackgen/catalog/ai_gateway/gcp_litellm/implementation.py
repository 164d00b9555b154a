"""LiteLLM's proxy on Cloud Run."""

from pydantic import Field

from stackgen.descriptors.model import Implementation, ImplementationSettings
from stackgen.providers.gcp.properties import SERVICE
from stackgen.providers.versions import LITELLM


class Settings(ImplementationSettings):
    """Settings of LiteLLM on Cloud Run."""

    image: str = Field(default=LITELLM.use, description="LiteLLM's image, tagged by version.")
    timeout: int = Field(default=600, ge=1, le=600, description="Longest wait for a model's answer, seconds.")
    retries: int = Field(default=1, ge=0, le=10, description="Times a failed request is tried again.")
    cpu: str = Field(default="1", pattern=r"^[1-8]$", description="CPUs of an instance.")
    memory: str = Field(default="2Gi", pattern=r"^\d+Gi$", description="Memory of an instance.")
    minimum: int = Field(default=1, ge=0, le=100, description="Instances that always run.")
    maximum: int = Field(default=3, ge=1, le=100, description="Instances that run under load.")


IMPLEMENTATION = Implementation(
    description="LiteLLM's proxy on Cloud Run behind HTTPS: one address and one key for every model.",
    level="self-hosted",
    settings=Settings,
    sizes={
        "small": {},
        "medium": {"cpu": "2", "memory": "4Gi", "minimum": 2, "maximum": 10},
        "large": {"cpu": "4", "memory": "8Gi", "minimum": 3, "maximum": 30},
    },
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
            "tls",
        ),
        "openai-embeddings": (
            "single",
            "batch",
            "stable-vector",
            "stated-dimension",
            "unit-norm",
            "auth-required",
            "wrong-credentials-refused",
            "tls",
        ),
        "openmetrics": ("exposition",),
    },
    not_kept={
        "openai-chat": {
            "unknown-parameter-is-error": "LiteLLM passes unknown fields on, and the model's server decides "
            "(https://docs.litellm.ai/docs/completion/provider_specific_params)"
        }
    },
    properties=SERVICE,
    billing="always-on",
    licence="MIT (outside LiteLLM's enterprise folder, which is not used)",
    default=True,
)
