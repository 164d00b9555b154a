"""Copies between two boxes, noted in the journal: what one has written is no change by users of the target."""

from __future__ import annotations

from typing import Any

from stackgen.contracts.mover import Memory, Mover, Progress
from stackgen.swap.journal import Journal


def copy_noted(
    journal: Journal,
    contract: str,
    mover: Mover,
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
    begun = journal.notes_path(contract, serves=serves)
    if not used:  # what is there is of a swap whose journal was deleted by hand
        journal.delete_notes()
    memory = mover.copy(*boxes, since, progress, serves=serves, used=used, begun=str(begun))
    journal.memory[contract] = memory
    journal.save()
    begun.unlink(missing_ok=True)
    return memory


def copy_late_writes(
    journal: Journal, contract: str, mover: Mover, boxes: tuple[Any, Any], progress: Progress
) -> Memory:
    """The same of a copy to a box that serves, of what reached the other one since the last copy."""
    return copy_noted(
        journal, contract, mover, boxes, journal.memory.get(contract, {}), progress, serves=True
    )
