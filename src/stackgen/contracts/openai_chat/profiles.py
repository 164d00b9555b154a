"""Profiles of openai-chat/1."""

from stackgen.contracts.profile import without

FULL = (
    "chat",
    "streaming",
    "usage-counts",
    "stop",
    "seed",
    "tool-calling",
    "streamed-tool-calls",
    "json-schema",
    "unknown-parameter-is-error",
    "model-listed",
    "auth-required",
    "wrong-credentials-refused",
    "tls",
)
LENIENT = without(FULL, "unknown-parameter-is-error")
"""For servers that ignore a request's unknown fields."""
LENIENT_WITHOUT_SEED = without(LENIENT, "seed")
LENIENT_WITHOUT_TLS = without(LENIENT, "tls")
