"""The shelf of one capability as a matrix: implementation × level, licence, maturity and clauses."""

from __future__ import annotations

from pathlib import Path

from stackgen.catalog.shelf import Entry, Shelf
from stackgen.cli.console import Answer
from stackgen.errors import ExitCode, Problem, StackgenError, did_you_mean

LADDER = ("saas", "managed", "self-hosted", "bare")


def clause_matrix(
    shelf: Shelf, capability: str | None, entries: list[Entry], needs: str, records: Path
) -> Answer:
    """Sort implementations by needed clauses, then by hosting level; clauses have the board's words.

    needs: clauses, separated by commas; empty for all of the capability's contracts.
    """
    if capability is None or capability not in shelf.capability_names:
        message = "say whose clauses are needed, with --capability"
        raise StackgenError(Problem("usage", message, allowed=shelf.capability_names))
    wanted = _wanted(shelf, capability, needs)
    found = {entry.id: _words(shelf, entry, records) for entry in entries}

    def rank(entry: Entry) -> tuple[int, int, str]:
        missing = sum(found[entry.id].get(name, "not kept") in ("not kept", "broken") for name in wanted)
        return missing, LADDER.index(entry.implementation.level), entry.id

    from stackgen.verification.maturity import latest_measurements, rate_maturity

    entries, latest = sorted(entries, key=rank), latest_measurements(records)
    header = ("implementation", "level", "licence", "maturity", *wanted)
    rows = [
        (
            entry.id,
            entry.implementation.level,
            entry.implementation.licence,
            rate_maturity(entry, latest),
            *(found[entry.id].get(name, "not kept") for name in wanted),
        )
        for entry in entries
    ]
    data = [
        {**dict(zip(header[:4], row[:4], strict=True)), "clauses": dict(zip(wanted, row[4:], strict=True))}
        for row in rows
    ]
    return Answer(data, table=(header, rows), next=f"stackgen catalog show {capability}/PROVIDER/NAME")


def _wanted(shelf: Shelf, capability: str, needs: str) -> list[str]:
    from stackgen.contracts import contract

    known = [
        clause.name for name in shelf.capability(capability).contracts for clause in contract(name).clauses
    ]
    wanted = [word.strip() for word in needs.split(",") if word.strip()] or list(dict.fromkeys(known))
    unknown = [name for name in wanted if name not in known]
    if unknown:
        problems = [
            Problem(
                "unknown-clause",
                f"'{name}' is no clause of {' or '.join(shelf.capability(capability).contracts)}",
                hint=did_you_mean(name, known),
                allowed=tuple(sorted(set(known))),
            )
            for name in unknown
        ]
        raise StackgenError(problems, ExitCode.INVALID)
    return wanted


def _words(shelf: Shelf, entry: Entry, folder: Path) -> dict[str, str]:
    """Clause → measured, declared only, not kept; where contracts share a clause, the weaker word."""
    from stackgen.verification.board import latest_records, make_cells
    from stackgen.verification.records import read_records

    latest = latest_records(content for _, content in read_records(folder))
    found: dict[str, str] = {}
    for name in shelf.capability(entry.capability).contracts:
        if name not in entry.implementation.kept:
            continue
        for clause, cell in make_cells(entry, name, latest.get((entry.capability, entry.id, name))).items():
            if clause not in found or found[clause] == "measured":
                found[clause] = cell.word
    return found
