"""Moves data between two boxes of one contract: one mover per contract, given bindings and nothing else."""

from __future__ import annotations

from dataclasses import replace
from importlib import import_module
from importlib.util import find_spec

from stackgen.contracts.surroundings import undisturbed
from stackgen.moving.model import Comparison, Mover, Part

__all__ = ["Comparison", "Mover", "Part", "mover"]


def mover(contract: str) -> Mover | None:
    """The mover of a contract, found by its file; None where boxes of it hold no data.

    Whatever it does, it does in a cleaned environment: nothing of the user's shell reaches the clients.
    """
    name = f"stackgen.moving.{contract.replace('-', '_')}"
    if find_spec(name) is None:
        return None
    found: Mover = import_module(name).MOVER
    return replace(
        found,
        copy=undisturbed(found.copy),
        compare=undisturbed(found.compare),
        content=undisturbed(found.content),
        freeze=undisturbed(found.freeze) if found.freeze is not None else None,
        thaw=undisturbed(found.thaw) if found.thaw is not None else None,
    )
