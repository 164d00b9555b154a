"""Checks that a deployment's own servers listen at the addresses of its bindings, before anything is sent there."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from functools import cache
from typing import Any

from stackgen.catalog.shelf import Shelf
from stackgen.contracts.reaching import binding_addresses
from stackgen.errors import Problem, StackgenError
from stackgen.planning.model import Plan

OWN_CODE = "http"
RESTART_WAIT_SECONDS = 30  # seconds for a server that is being restarted
Bindings = Mapping[str, Mapping[str, Any]]  # component → contract → binding
Resources = Callable[[], Iterable[Any]]  # asks the engine, so only where a provider wants to know


def find_foreign_listeners(
    shelf: Shelf, plan: Plan, resources: Resources, bindings: Bindings, *, required: bool = True
) -> dict[tuple[str, int], str]:
    """Address of a binding → why nothing may be sent there, in words: another process listens there, or none.

    An address where nothing listens may be anyone's a moment later; one where the own server listens is no one
    else's meanwhile. required: False leaves out where nothing listens.
    """
    found: dict[tuple[str, int], str] = {}
    for name in sorted({box.entry.provider for box in plan.all_components}):
        operations = shelf.operations(name)
        if operations is not None and hasattr(operations, "foreign"):
            found |= operations.foreign(resources(), binding_addresses(bindings), required=required)
    return found


def refuse_foreign_listeners(shelf: Shelf, plan: Plan, resources: Resources, bindings: Bindings) -> None:
    """Raise StackgenError(not-serving) for what `foreign` has to say; where nothing listens, wait a little first.

    The user's own service may be down while others are used: its binding holds no password.
    """
    known, deadline = cache(resources), time.monotonic() + RESTART_WAIT_SECONDS
    others = {box: {name: each[name] for name in each if name != OWN_CODE} for box, each in bindings.items()}
    while True:
        strangers = find_foreign_listeners(shelf, plan, known, bindings, required=False)
        sentences = {**find_foreign_listeners(shelf, plan, known, others), **strangers}.values()
        if not sentences:
            return
        if strangers or time.monotonic() > deadline:
            again = f"stackgen up {plan.stack.name} -e {plan.environment}"
            raise StackgenError([Problem("not-serving", sentence, next=again) for sentence in sentences])
        time.sleep(0.5)
