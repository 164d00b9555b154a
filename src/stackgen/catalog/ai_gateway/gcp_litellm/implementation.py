"""LiteLLM's proxy on Cloud Run."""

from pydantic import Field

from stackgen.contracts.openai_chat import profiles as openai_chat
from stackgen.contracts.openai_embeddings import profiles as openai_embeddings
from stackgen.contracts.openmetrics import profiles as openmetrics
from stackgen.descriptors.model import Implementation, ImplementationSettings
from stackgen.providers.gcp.properties import SERVICE
from stackgen.providers.reasons import LITELLM_PASSES_UNKNOWN_FIELDS
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
        "openai-chat": openai_chat.LENIENT,
        "openai-embeddings": openai_embeddings.FULL,
        "openmetrics": openmetrics.FULL,
    },
    not_kept={"openai-chat": {"unknown-parameter-is-error": LITELLM_PASSES_UNKNOWN_FIELDS}},
    properties=SERVICE,
    billing="always-on",
    licence="MIT (outside LiteLLM's enterprise folder, which is not used)",
    default=True,
)
