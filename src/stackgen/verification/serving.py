"""Whether a deployment's own servers listen where its bindings lead, so that nothing is sent to anyone else."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from functools import cache
from typing import Any

from stackgen.catalog.shelf import Shelf
from stackgen.contracts.reaching import addresses
from stackgen.errors import Problem, StackgenError
from stackgen.planning.model import Plan

PATIENCE = 30  # seconds for a server that is being restarted
Bindings = Mapping[str, Mapping[str, Any]]  # component → contract → binding
Resources = Callable[[], Iterable[Any]]  # asks the engine, so only where a provider wants to know


def foreign(
    shelf: Shelf, plan: Plan, resources: Resources, bindings: Bindings, *, required: bool = False
) -> dict[tuple[str, int], str]:
    """Address of a binding → who listens there in place of the component, in words.

    required: an address where nothing listens is among them; it may be anyone's a moment later.
    """
    found: dict[tuple[str, int], str] = {}
    for name in sorted({box.entry.provider for box in plan.boxes}):
        operations = shelf.operations(name)
        if operations is not None and hasattr(operations, "foreign"):
            found |= operations.foreign(resources(), addresses(bindings), required=required)
    return found


def refuse_foreign(
    shelf: Shelf, plan: Plan, resources: Resources, bindings: Bindings, *, required: bool = False
) -> None:
    """Raise StackgenError(not-serving) for what `foreign` has to say; where nothing listens, wait a little first."""
    known, deadline = cache(resources), time.monotonic() + PATIENCE
    while sentences := foreign(shelf, plan, known, bindings, required=required).values():
        if not required or foreign(shelf, plan, known, bindings) or time.monotonic() > deadline:
            again = f"stackgen up {plan.stack.name} -e {plan.environment}"
            raise StackgenError([Problem("not-serving", sentence, next=again) for sentence in sentences])
        time.sleep(0.5)
