"""Ollama with any GGUF chat model."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from pydantic import Field

from stackgen.catalog.chat_model.capability import gguf_weights, warn_of_unpinned, why_no_gguf
from stackgen.contracts.openai_chat import profiles as openai_chat
from stackgen.contracts.profile import without
from stackgen.descriptors.model import CapabilityOptions, Implementation, ImplementationSettings, Place
from stackgen.providers.fields import Digest, Port, Threads
from stackgen.providers.local.properties import SERVER
from stackgen.providers.local.reasons import ON_LOOPBACK
from stackgen.providers.local.vulnerabilities import (
    OLLAMA,
    OLLAMA_KNOWN,
    Accepted,
    acceptance_setting,
    together,
    why_vulnerable,
)

ME = "local/ollama"
NO_AUTHENTICATION = "Ollama has none; it listens on loopback only"
NO_TOOLS = "Ollama calls tools of models whose chat template it knows, and knows no tool_choice"


class Settings(ImplementationSettings):
    """Settings of a local Ollama."""

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
    accept_known_vulnerabilities: Accepted = acceptance_setting()


def offers(options: CapabilityOptions, given: Mapping[str, Any], _where: Place) -> str | None:
    """A model without weights must be one whose weights are known; and the word for known vulnerabilities."""
    return why_no_gguf(ME, options, given) or why_vulnerable(given, OLLAMA)


def resolve(options: CapabilityOptions, settings: ImplementationSettings, _where: Place) -> Mapping[str, Any]:
    """Weights by the table of models."""
    return gguf_weights(options, settings)


def warns(options: CapabilityOptions, settings: ImplementationSettings, where: Place) -> str | None:
    """Weights that are not pinned, and the vulnerabilities that were accepted."""
    return together(warn_of_unpinned(options, settings, where), OLLAMA_KNOWN)


IMPLEMENTATION = Implementation(
    description="Ollama with any GGUF chat model, on this machine's CPU.",
    level="bare",
    settings=Settings,
    sizes={
        "small": {},
        "medium": {"context": 8192, "slots": 2, "threads": 4},
        "large": {"context": 16384, "slots": 4, "threads": 8},
    },
    kept={
        "openai-chat": without(
            openai_chat.LENIENT_WITHOUT_TLS,
            "tool-calling",
            "streamed-tool-calls",
            "auth-required",
            "wrong-credentials-refused",
        )
    },
    not_kept={
        "openai-chat": {
            "tool-calling": NO_TOOLS,
            "streamed-tool-calls": NO_TOOLS,
            "unknown-parameter-is-error": "Ollama ignores request fields it does not know",
            "auth-required": NO_AUTHENTICATION,
            "wrong-credentials-refused": NO_AUTHENTICATION,
            "tls": ON_LOOPBACK,
        }
    },
    offers=offers,
    resolve=resolve,
    warns=warns,
    properties=replace(
        SERVER,
        authentication=("none", NO_AUTHENTICATION),
        encryption_at_rest=("not-applicable", "it keeps no data; weights are plain files in the cache"),
    ),
    billing="own-machines",
    licence="MIT (Ollama, llama.cpp); the weights have their own",
    maturity="beta",
    notes=("Ollama is built from its Go module with a C++ compiler, which takes minutes the first time.",),
)
