"""The board: contract × clause × implementation, from recorded runs, beside what is declared."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal

from stackgen.catalog.shelf import Entry, Shelf
from stackgen.contracts import contract
from stackgen.verification.records import implementation_digest

Word = Literal["measured", "declared only", "not kept", "broken", "undeclared"]
WORD_OF_STATUS: dict[str, Word] = {
    "kept": "measured",
    "declared": "declared only",
    "not-kept": "not kept",
    "broken": "broken",
    "undeclared": "undeclared",
}
MEANING: dict[Word, str] = {
    "measured": "declared, and a recorded run measured it",
    "declared only": "declared; no recorded run has measured it, or nothing on the wire can tell",
    "not kept": "declared as not kept",
    "broken": "declared, and a recorded run measured otherwise",
    "undeclared": "declared as not kept, and a recorded run found it kept",
}


@dataclass(frozen=True)
class Cell:
    """One clause of one implementation. date: of the run that measured it; stale: its component has changed since."""

    word: Word
    detail: str
    date: str | None = None
    stale: bool = False


@dataclass(frozen=True)
class Table:
    """One contract. cells: implementation (`capability: provider/name`) → clause → cell."""

    contract: str
    clauses: tuple[str, ...]
    cells: Mapping[str, Mapping[str, Cell]]


@dataclass(frozen=True)
class Board:
    """A table per contract."""

    tables: tuple[Table, ...]

    def counts(self) -> dict[str, int]:
        """Word → number of cells."""
        words = [cell.word for table in self.tables for row in table.cells.values() for cell in row.values()]
        return {word: words.count(word) for word in MEANING if word in words}

    def as_json(self) -> dict[str, Any]:
        """For the JSON envelope and board.json."""
        return {
            "counts": self.counts(),
            "meaning": MEANING,
            "contracts": [asdict(table) for table in self.tables],
        }


def make_board(shelf: Shelf, records: Iterable[Mapping[str, Any]]) -> Board:
    """The board of a shelf; of several records of one implementation and contract the latest counts."""
    latest = latest_records(records)
    entries = [
        entry
        for name, found in shelf.implementations.items()
        if not shelf.capability(name).internal
        for entry in found.values()
    ]
    names = dict.fromkeys(name for entry in entries for name in entry.implementation.kept)
    digests = {entry: implementation_digest(entry) for entry in entries if _is_recorded(entry, latest)}
    return Board(tuple(_table(name, entries, latest, digests) for name in sorted(names)))


def _is_recorded(entry: Entry, latest: Mapping[tuple[str, str, str], Mapping[str, Any]]) -> bool:
    return any((entry.capability, entry.id, name) in latest for name in entry.implementation.kept)


def latest_records(records: Iterable[Mapping[str, Any]]) -> dict[tuple[str, str, str], Mapping[str, Any]]:
    """Capability, implementation and contract → the last record of it; records come oldest first."""
    found: dict[tuple[str, str, str], Mapping[str, Any]] = {}
    for item in records:
        name = str(item.get("contract", "")).partition("/")[0]
        found[str(item.get("capability")), str(item.get("implementation")), name] = item
    return found


def _table(
    name: str,
    entries: list[Entry],
    latest: Mapping[tuple[str, str, str], Mapping[str, Any]],
    digests: Mapping[Entry, str],
) -> Table:
    kind = contract(name)
    return Table(
        f"{name}/{kind.version}",
        tuple(clause.name for clause in kind.clauses),
        {
            f"{entry.capability}: {entry.id}": make_cells(
                entry, name, latest.get((entry.capability, entry.id, name)), digests.get(entry)
            )
            for entry in entries
            if name in entry.implementation.kept
        },
    )


def make_cells(
    entry: Entry, name: str, record: Mapping[str, Any] | None, digest: str | None = None
) -> dict[str, Cell]:
    """Clause → cell, of one implementation and contract. digest: the implementation's, to tell an old record."""
    kind = contract(name)
    current = record is not None and record.get("contract") == f"{name}/{kind.version}"
    seen = {item["name"]: item for item in record["clauses"]} if record is not None and current else {}
    stale = record is not None and digest is not None and record.get("digest") != digest
    date = str(record["date"])[:10] if record is not None and current else None
    found: dict[str, Cell] = {}
    for clause in kind.clauses:
        reason = entry.implementation.not_kept.get(name, {}).get(clause.name)
        item = seen.get(clause.name)
        if item is None:
            word: Word = "declared only" if reason is None else "not kept"
            found[clause.name] = Cell(word, reason or MEANING["declared only"])
        else:
            word = WORD_OF_STATUS.get(str(item["status"]), "declared only")
            found[clause.name] = Cell(word, str(item["evidence"]), date, stale)
    return found
