"""Copies between the old and the new component, noted in the journal: their writes are no users' changes."""

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
    """Copy from the source to the target, and save its memory in the journal.

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
    """Copy writes that reached the old component since the last copy to the new one, which serves."""
    return copy_noted(
        journal, contract, mover, boxes, journal.memory.get(contract, {}), progress, serves=True
    )
