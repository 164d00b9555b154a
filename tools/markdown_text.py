"""Markdown tables and cells for tools that write pages of docs/."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

PARTS = re.compile(r"(`[^`]*`|https?://[^\s)|]+)")


def cell(text: object) -> str:
    """Text as one cell of a table: one line, and nothing in it is markup but code in backticks and addresses."""
    parts = PARTS.split(" ".join(str(text).split()))
    return "".join(_part(part) for part in parts)


def _part(part: str) -> str:
    if part.startswith("`") and part.endswith("`") and len(part) > 1:
        return part.replace("|", "\\|")
    if part.startswith(("http://", "https://")):
        address = part.rstrip(".,;")
        return f"<{address}>{part[len(address) :]}"
    return re.sub(r"([|*_<>\[\]`])", r"\\\1", part)


def code(text: object) -> str:
    """Text as code in a cell; nothing for nothing."""
    shown = " ".join(str(text).split())
    return f"`{shown}`".replace("|", "\\|") if shown else ""


def table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    """Lines of a table whose cells are Markdown already, with a blank line after it; nothing without rows."""
    listed = list(rows)
    if not listed:
        return []
    lines = [header, ["---"] * len(header), *listed]
    return [*(f"| {' | '.join(line)} |" for line in lines), ""]
