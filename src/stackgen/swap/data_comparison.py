"""Compares the data of the two components of a swap, and makes errors where it differs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from stackgen.contracts.mover import Comparison, Mover
from stackgen.errors import ExitCode, Problem, StackgenError


def late_write_error(box: int, parts: list[str]) -> StackgenError:
    """Error for a component that was written to although it was closed. parts: names of what differs."""
    message = f"box {box} is not as it was when its data was compared: {', '.join(parts)}"
    hint = (
        "a client wrote there although it is closed; bring what it wrote to the other box, undo it "
        "there, then go on"
    )
    return StackgenError(Problem("data-differs", message, hint=hint), ExitCode.VERIFICATION_FAILED)


def read_checksums(mover: Mover, box: Any) -> list[list[str]]:
    """Read the parts of a component's data: pairs of name and checksum."""
    return [[part.name, part.source_checksum] for part in mover.compare(box, box, None).parts]


def differing_parts(current: list[list[str]], known: list[list[str]]) -> list[str]:
    """Names of parts that differ."""
    return sorted({part[0] for part in (*current, *known) if part not in current or part not in known})


def require_equal(comparison: Comparison, source: int, target: int) -> str:
    """Require equal data, and return a sentence about it; raises StackgenError(data-differs)."""
    if not comparison.equal:
        message = f"the new component does not hold what the old one holds: {comparison.sentence()}"
        hint = _equalise_hint(comparison, source, target)
        raise StackgenError(Problem("data-differs", message, hint=hint), ExitCode.VERIFICATION_FAILED)
    newer = f" ({comparison.newer} changed or deleted later in the new component)" if comparison.newer else ""
    return f"{comparison.sentence()}: counts and checksums are equal{newer}"


def refuse_undecided(comparison: Comparison, source: int, target: int) -> None:
    """Raise StackgenError(data-differs) for items that both components have changed."""
    if not comparison.undecided:
        return
    message = f"both components have changed items since they were compared: {_first(comparison.undecided)}"
    hint = (
        f"box {target} serves, and has its own, or deleted it. Where that is right, delete it in box {source}; else "
        f"copy it with its tags and headers from box {source} to box {target}; then run it again"
    )
    raise StackgenError(Problem("data-differs", message, hint=hint), ExitCode.VERIFICATION_FAILED)


def _equalise_hint(comparison: Comparison, source: int, target: int) -> str | None:
    """Hint for items that both components may have changed: no copy decides which one stays."""
    if not comparison.differing:
        return None
    same = f"let box {source} and box {target} hold the same of these, then run it again"
    return f"{same}: {_first(comparison.differing)}"


def _first(names: Sequence[str]) -> str:
    return ", ".join(names[:3]) + (" and others" if len(names) > 3 else "")
