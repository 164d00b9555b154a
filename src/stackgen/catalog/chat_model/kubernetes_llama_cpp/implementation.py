"""llama.cpp's server with any GGUF chat model, on the cluster's CPUs."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from pydantic import Field

from stackgen.catalog.models import models, why_no_weights
from stackgen.contracts.openai_chat import profiles as openai_chat
from stackgen.contracts.openmetrics import profiles as openmetrics
from stackgen.descriptors.model import CapabilityOptions, Implementation, ImplementationSettings, Place
from stackgen.providers.fields import Hub
from stackgen.providers.kubernetes.properties import ONE_POD, SERVER
from stackgen.providers.kubernetes.reasons import PLAIN_HTTP
from stackgen.providers.versions import LLAMA_CPP

ME = "kubernetes/llama-cpp"


class Settings(ImplementationSettings):
    """Settings of a llama.cpp chat server."""

    weights: str | None = Field(
        default=None,
        pattern=r"^hf:[\w.-]+/[\w.-]+/[\w./-]+\.gguf$",
        description="GGUF file, as hf:<org>/<repo>/<file>; by the logical model name if absent.",
    )
    hub: str = Hub
    image: str = Field(default=LLAMA_CPP.use, description="Image of llama.cpp's server.")
    context: int = Field(default=4096, ge=256, le=131072, description="Context window per request, tokens.")
    slots: int = Field(default=1, ge=1, le=64, description="Requests served at the same time.")
    cpu: str = Field(default="4", pattern=r"^\d+$", description="CPUs, and threads that compute.")
    memory: str = Field(default="8Gi", pattern=r"^\d+Gi$", description="Memory.")
    storage: int = Field(default=20, ge=1, le=4000, description="Volume for the weights, GiB.")


def offers(options: CapabilityOptions, given: Mapping[str, Any], _where: Place) -> str | None:
    """A model without weights must be one whose GGUF file is on a hub."""
    if given.get("weights") is not None:
        return None
    name = options.model_dump()["model"]
    why = why_no_weights(name, "chat", "gguf", ME)
    if why is None and not str(models()[name].gguf["source"]).startswith("hf:"):
        return f"{ME} takes weights from a hub, and '{name}' has none there; set `weights`"
    return why


def resolve(options: CapabilityOptions, settings: ImplementationSettings, _where: Place) -> Mapping[str, Any]:
    """Weights by the table of models."""
    if settings.model_dump()["weights"] is not None:
        return {}
    return {"weights": models()[options.model_dump()["model"]].gguf["source"]}


def warns(_options: CapabilityOptions, settings: ImplementationSettings, _where: Place) -> str | None:
    """The server fetches its weights by itself."""
    weights = settings.model_dump()["weights"]
    return f"{weights} is fetched in the pod by llama.cpp, which compares no digest: whatever the hub serves is loaded"


IMPLEMENTATION = Implementation(
    description="llama.cpp's own HTTP server with a GGUF model, on CPUs: for small models, and where no GPU is.",
    level="bare",
    settings=Settings,
    sizes={
        "small": {},
        "medium": {"context": 8192, "slots": 2, "cpu": "8", "memory": "16Gi"},
        "large": {"context": 16384, "slots": 4, "cpu": "16", "memory": "32Gi"},
    },
    kept={"openai-chat": openai_chat.LENIENT_WITHOUT_TLS, "openmetrics": openmetrics.FULL},
    not_kept={
        "openai-chat": {
            "unknown-parameter-is-error": "llama.cpp ignores request fields it does not know "
            "(https://github.com/ggml-org/llama.cpp/tree/master/tools/server)",
            "tls": PLAIN_HTTP,
        }
    },
    refuses={"registry": "the server loads weights from a hub, not from a registry"},
    offers=offers,
    resolve=resolve,
    warns=warns,
    properties=replace(
        SERVER,
        encryption_at_rest=(
            "not-applicable",
            "it keeps no data but weights it can fetch again; its Secrets are in etcd",
        ),
        high_availability=ONE_POD,
    ),
    billing="own-machines",
    licence="MIT (llama.cpp); the weights have their own",
    notes=(
        "weights are fetched from the hub into a volume once; set `hub` to your mirror in a closed network",
    ),
)
