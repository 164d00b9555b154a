"""Markdown tables, cells and anchors for tools that write pages of docs/."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from stackgen.descriptors.prose import Prose
from stackgen.program.templating import prose_markdown


def cell(text: object) -> str:
    """Text as one cell of a table: one line, and nothing in it is markup but code in backticks and addresses."""
    return prose_markdown(Prose(" ".join(str(text).split())), cell=True)


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


def github_anchor(text: str, separator: str = "-") -> str:
    """The anchor of a heading: lower case, no punctuation, a hyphen for each blank."""
    kept = re.sub(r"[^\w\- ]", "", text.strip().lower())
    return kept.replace(" ", separator)
