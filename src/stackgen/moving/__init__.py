"""Moves data between two boxes of one contract: one mover per contract, given bindings and nothing else."""

from __future__ import annotations

from dataclasses import replace
from importlib import import_module
from importlib.util import find_spec

from stackgen.moving.model import Comparison, Mover, Part
from stackgen.moving.remote import apart

__all__ = ["Comparison", "Mover", "Part", "mover"]


def mover(contract: str, component: str | None = None) -> Mover | None:
    """The mover of a contract, found by its file; None where boxes of it hold no data.

    Whatever it does, a process of its own does, in a cleaned environment: nothing of the user's shell reaches the
    clients, and no server takes this process's memory or time. component: whose data it is, for messages.
    """
    name = f"stackgen.moving.{contract.replace('-', '_')}"
    if find_spec(name) is None:
        return None
    found: Mover = import_module(name).MOVER
    return replace(
        found,
        copy=apart(found.copy, component),
        copy_late=apart(found.copy_late, component) if found.copy_late is not None else None,
        compare=apart(found.compare, component),
        content=apart(found.content, component),
        amounts=apart(found.amounts, component),
        freeze=apart(found.freeze, component) if found.freeze is not None else None,
        thaw=apart(found.thaw, component) if found.thaw is not None else None,
    )
