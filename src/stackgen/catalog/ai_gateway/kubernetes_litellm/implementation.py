"""LiteLLM's proxy in the cluster."""

from pydantic import Field

from stackgen.contracts.openai_chat import profiles as openai_chat
from stackgen.contracts.openai_embeddings import profiles as openai_embeddings
from stackgen.contracts.openmetrics import profiles as openmetrics
from stackgen.descriptors.model import Implementation, ImplementationSettings
from stackgen.providers.kubernetes.properties import SERVER
from stackgen.providers.kubernetes.reasons import PLAIN_HTTP
from stackgen.providers.reasons import LITELLM_PASSES_UNKNOWN_FIELDS
from stackgen.providers.versions import LITELLM


class Settings(ImplementationSettings):
    """Settings of LiteLLM in a cluster."""

    image: str = Field(default=LITELLM.use, description="LiteLLM's image, for non-root users.")
    timeout: int = Field(
        default=600, ge=1, le=3600, description="Longest wait for a model's answer, seconds."
    )
    retries: int = Field(default=1, ge=0, le=10, description="Further tries after a failed request.")
    cpu: str = Field(default="500m", pattern=r"^\d+m?$", description="CPU of a replica.")
    memory: str = Field(default="2Gi", pattern=r"^\d+(Mi|Gi)$", description="Memory of a replica.")
    minimum: int = Field(default=1, ge=1, le=100, description="Replicas that always run.")
    maximum: int = Field(default=1, ge=1, le=100, description="Replicas that run under load.")
    expose: bool = Field(
        default=False, description="Whether it is reached from outside, below the environment's `domain`."
    )


IMPLEMENTATION = Implementation(
    description="LiteLLM's proxy as a Deployment: one address and one key for every model.",
    level="self-hosted",
    settings=Settings,
    sizes={
        "small": {},
        "medium": {"cpu": "1", "minimum": 2, "maximum": 6},
        "large": {"cpu": "2", "memory": "4Gi", "minimum": 3, "maximum": 20},
    },
    kept={
        "openai-chat": openai_chat.LENIENT_WITHOUT_TLS,
        "openai-embeddings": openai_embeddings.WITHOUT_TLS,
        "openmetrics": openmetrics.FULL,
    },
    not_kept={
        "openai-chat": {
            "unknown-parameter-is-error": LITELLM_PASSES_UNKNOWN_FIELDS,
            "tls": PLAIN_HTTP,
        },
        "openai-embeddings": {"tls": PLAIN_HTTP},
    },
    properties=SERVER,
    parts={"tls": ("object_store",)},
    billing="own-machines",
    licence="MIT (outside LiteLLM's enterprise folder, which is not used)",
    default=True,
)
