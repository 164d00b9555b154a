"""requirements.in, what a program asks for, and requirements.txt, exactly what it gets: versions and digests."""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

_PINS = Path(__file__).parent / "pins.json"
_HEAD = "# Exactly what requirements.in comes to. Anew, with the latest versions that fit:\n"
_COMMAND = "# uv pip compile --universal --generate-hashes --upgrade requirements.in -o requirements.txt\n"


def requirement_lines(requirements: Sequence[str]) -> str:
    """Text of requirements.in: one requirement per line."""
    return "".join(f"{line}\n" for line in requirements)


def pin_requirements(requirements: Sequence[str]) -> str:
    """The same at exact versions with all they need, and the digest of every file; installers then refuse others.

    Where a private catalog asks for something that stackgen has no pin for, the ranges: a lock is whole or none.
    """
    known = _known()
    if any(line not in known["requirements"] for line in requirements):
        return requirement_lines(requirements)
    wanted: dict[str, None] = {}
    open_ = [known["requirements"][line] for line in requirements]
    while open_:
        name = open_.pop()
        if name not in wanted:
            wanted[name] = None
            open_ += known["packages"][name]["requires"]
    pins = [pin for name in sorted(wanted) for pin in known["packages"][name]["pins"]]
    return _HEAD + _COMMAND + "".join(f"{pin}\n" for pin in pins)


@cache
def _known() -> dict[str, Any]:
    """`make locks` writes it: requirement → package; package → its pins and the packages it requires."""
    return json.loads(_PINS.read_text(encoding="utf-8"))
