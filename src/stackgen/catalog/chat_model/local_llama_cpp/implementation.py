"""llama.cpp's server with any GGUF chat model."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from pydantic import Field

from stackgen.catalog.chat_model.capability import gguf_weights, warn_of_unpinned, why_no_gguf
from stackgen.contracts.openai_chat import profiles as openai_chat
from stackgen.contracts.openmetrics import profiles as openmetrics
from stackgen.descriptors.model import CapabilityOptions, Implementation, ImplementationSettings, Place
from stackgen.providers.fields import Digest, Port, Threads
from stackgen.providers.local.properties import SERVER
from stackgen.providers.local.reasons import ON_LOOPBACK

ME = "local/llama-cpp"


class Settings(ImplementationSettings):
    """Settings of a local llama.cpp chat server."""

    weights: str | None = Field(
        default=None,
        description="GGUF file: a path its account can read, hf:<org>/<repo>/<file>[@revision], "
        "models:/<name>@<alias>, or stand-in (a tiny model that answers nonsense); "
        "by the logical model name if absent.",
    )
    digest: str | None = Digest
    context: int = Field(default=4096, ge=256, le=131072, description="Context window per request, tokens.")
    slots: int = Field(default=1, ge=1, le=64, description="Requests served at the same time.")
    threads: int = Threads
    port: int | None = Port


def offers(options: CapabilityOptions, given: Mapping[str, Any], _where: Place) -> str | None:
    """A model without weights must be one whose weights are known."""
    return why_no_gguf(ME, options, given)


def resolve(options: CapabilityOptions, settings: ImplementationSettings, _where: Place) -> Mapping[str, Any]:
    """Weights by the table of models."""
    return gguf_weights(options, settings)


IMPLEMENTATION = Implementation(
    description="llama.cpp's own HTTP server with any GGUF model, on this machine's CPU.",
    level="bare",
    settings=Settings,
    sizes={
        "small": {},
        "medium": {"context": 8192, "slots": 2, "threads": 4},
        "large": {"context": 16384, "slots": 4, "threads": 8},
    },
    kept={"openai-chat": openai_chat.LENIENT_WITHOUT_TLS, "openmetrics": openmetrics.FULL},
    not_kept={
        "openai-chat": {
            "unknown-parameter-is-error": "llama.cpp ignores request fields it does not know",
            "tls": ON_LOOPBACK,
        }
    },
    offers=offers,
    resolve=resolve,
    warns=warn_of_unpinned,
    properties=replace(
        SERVER,
        encryption_at_rest=("not-applicable", "it keeps no data; weights are plain files in the cache"),
    ),
    billing="own-machines",
    licence="MIT (llama.cpp, xllamacpp); the weights have their own",
    default=True,
)
