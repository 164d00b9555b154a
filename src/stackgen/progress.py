"""How long work tells whoever watches what it is doing."""

from __future__ import annotations

from collections.abc import Callable

Progress = Callable[[str], None]


def silent(message: str) -> None:
    """Tell nobody."""
    del message
