"""Copies between two boxes, noted in the journal: what one has written is no change by users of the target."""

from __future__ import annotations

from typing import Any

from stackgen.moving import Mover
from stackgen.moving.model import Memory, Progress
from stackgen.swapping.journal import Journal


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
    """What a copy remembers, which is on disk by then. name: of the contract. boxes: bindings of source and target."""
    begun = journal.begun.get(name, {})

    def note(items: Memory) -> None:
        journal.begun[name] = {**begun, **{key: _more(begun.get(key), items[key]) for key in items}}
        journal.save()

    memory = found.copy(*boxes, since, progress, serves=serves, begun=begun, note=note)
    journal.memory[name] = memory
    journal.begun.pop(name, None)
    journal.save()
    return memory


def caught_up(
    journal: Journal, name: str, found: Mover, boxes: tuple[Any, Any], progress: Progress
) -> Memory:
    """The same of a copy to a box that serves, of what reached the other one since the last copy."""
    return copied(journal, name, found, boxes, journal.memory.get(name, {}), progress, serves=True)


def _more(noted: str | None, content: str) -> str:
    lines = noted.split("\n") if noted is not None else []
    return "\n".join(dict.fromkeys([*lines, content]))
