"""LiteLLM's proxy on ECS Fargate."""

from pydantic import Field

from stackgen.contracts.openai_chat import profiles as openai_chat
from stackgen.contracts.openai_embeddings import profiles as openai_embeddings
from stackgen.contracts.openmetrics import profiles as openmetrics
from stackgen.descriptors.model import Implementation, ImplementationSettings
from stackgen.providers.aws.images import public_image_reason
from stackgen.providers.aws.properties import SERVICE
from stackgen.providers.reasons import LITELLM_PASSES_UNKNOWN_FIELDS
from stackgen.providers.versions import LITELLM


class Settings(ImplementationSettings):
    """Settings of LiteLLM on Fargate."""

    image: str = Field(default=LITELLM.use, description="LiteLLM's image, tagged by version.")
    timeout: int = Field(default=600, ge=1, le=600, description="Longest wait for a model's answer, seconds.")
    retries: int = Field(default=1, ge=0, le=10, description="Times a failed request is tried again.")
    cpu: int = Field(default=1024, description="CPU of a task, thousandths of a vCPU.")
    memory: int = Field(default=2048, description="Memory of a task, MiB.")
    minimum: int = Field(default=1, ge=1, le=100, description="Tasks that always run.")
    maximum: int = Field(default=2, ge=1, le=100, description="Tasks that run under load.")


IMPLEMENTATION = Implementation(
    description="LiteLLM's proxy on ECS Fargate behind HTTPS: one address and one key for every model.",
    level="self-hosted",
    settings=Settings,
    internet=public_image_reason,
    sizes={
        "small": {},
        "medium": {"cpu": 2048, "memory": 4096, "minimum": 2, "maximum": 6},
        "large": {"cpu": 4096, "memory": 8192, "minimum": 3, "maximum": 20},
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
