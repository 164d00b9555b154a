"""Moves data between two boxes of one contract: one mover per contract, given bindings and nothing else."""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec

from stackgen.moving.model import Comparison, Mover, Part

__all__ = ["Comparison", "Mover", "Part", "mover"]


def mover(contract: str) -> Mover | None:
    """The mover of a contract, found by its file; None where boxes of it hold no data."""
    name = f"stackgen.moving.{contract.replace('-', '_')}"
    return import_module(name).MOVER if find_spec(name) is not None else None
