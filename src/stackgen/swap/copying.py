"""Copies between two boxes, noted in the journal: what one has written is no change by users of the target."""

from __future__ import annotations

from typing import Any

from stackgen.contracts.mover import Memory, Mover, Progress
from stackgen.swap.journal import Journal


def copied(
    journal: Journal,
    name: str,
    found: Mover,
    boxes: tuple[Any, Any],
    since: Memory | None,
    progress: Progress,
    *,
    serves: bool = False,
) -> Memory:
    """What a copy remembers, which is on disk by then. name: of the contract. boxes: bindings of source and target.

    On the way back clients with old bindings may use the target.
    """
    used = serves or journal.kind == "return"
    begun = journal.begun(name, serves=serves)
    if not used:  # what is there is of a swap whose journal was deleted by hand
        journal.forget_begun()
    memory = found.copy(*boxes, since, progress, serves=serves, used=used, begun=str(begun))
    journal.memory[name] = memory
    journal.save()
    begun.unlink(missing_ok=True)
    return memory


def caught_up(
    journal: Journal, name: str, found: Mover, boxes: tuple[Any, Any], progress: Progress
) -> Memory:
    """The same of a copy to a box that serves, of what reached the other one since the last copy."""
    return copied(journal, name, found, boxes, journal.memory.get(name, {}), progress, serves=True)
