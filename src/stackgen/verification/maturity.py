"""Maturity of an implementation: the level that it declares, once a recorded run has measured it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from stackgen.catalog.shelf import Entry
from stackgen.verification.board import latest_records, make_cells
from stackgen.verification.records import read_records

UNPROVEN = "unproven"
PACKAGED = Path(__file__).parents[1] / "board"
IN_SOURCE = Path(__file__).parents[3] / "board"
Latest = Mapping[tuple[str, str, str], Mapping[str, Any]]


def own_board() -> Path:
    """The board that stackgen itself comes with."""
    return PACKAGED if PACKAGED.is_dir() else IN_SOURCE


def latest_measurements(*boards: Path) -> Latest:
    """The latest record of each implementation and contract on stackgen's own board and on these."""
    places = dict.fromkeys(path.resolve() for path in (own_board(), *boards))
    found = [content for place in places for _, content in read_records(place)]
    return latest_records(sorted(found, key=lambda content: str(content.get("date", ""))))


def rate_maturity(entry: Entry, latest: Latest) -> str:
    """The declared word where every contract has a record and none says otherwise than declared; else `unproven`."""
    kept = entry.implementation.kept
    proven = all(_proven(entry, name, latest.get((entry.capability, entry.id, name))) for name in kept)
    return entry.implementation.maturity if kept and proven else UNPROVEN


def _proven(entry: Entry, name: str, record: Mapping[str, Any] | None) -> bool:
    found: Iterable[Any] = make_cells(entry, name, record).values()
    words = {cell.word for cell in found if cell.date is not None}
    return bool(words) and not words & {"broken", "undeclared"}
