"""Refuses an implementation that would take the place, and find the data, of another one that is deployed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from stackgen.catalog.shelf import Shelf
from stackgen.errors import Problem, StackgenError
from stackgen.planning.model import Plan, PlannedComponent

STACKGEN_TYPE_PREFIX = "stackgen:"  # how types of component resources begin


def replaceable_components(plan: Plan, shelf: Shelf) -> list[PlannedComponent]:
    """Components whose names and folders depend on nothing but component name and box number."""
    return [item for item in plan.all_components if shelf.provider(item.entry.provider).placed]


def refuse_takeovers(plan: Plan, shelf: Shelf, deployed: Iterable[tuple[str, str]]) -> None:
    """Raise StackgenError(box-taken) for every box number that another implementation has.

    deployed: (name, type) of resources as the state has them.
    """
    types = {name: token for name, token in deployed if token.startswith(STACKGEN_TYPE_PREFIX)}
    problems = list(_taken_by(plan, replaceable_components(plan, shelf), types))
    if problems:
        raise StackgenError(problems)


def _taken_by(plan: Plan, boxes: Iterable[PlannedComponent], types: dict[str, str]) -> Iterator[Problem]:
    for item in boxes:
        planned = f"{STACKGEN_TYPE_PREFIX}{item.capability}:{item.entry.class_name}"
        if types.get(item.resource, planned) == planned:
            continue
        message = (
            f"box {item.box} of '{item.name}' is deployed as {types[item.resource].rpartition(':')[2]}; "
            f"{item.entry.id} would start on its data"
        )
        command = f"stackgen swap {plan.stack.name} {item.name} --to {item.entry.id} -e {plan.environment}"
        hint = "put the spec back, then swap it: that moves the data"
        hint += f"; or give it a number of its own, such as `box: {item.box + 1}`, to begin with none"
        yield Problem("box-taken", message, hint=hint, next=f"{command} --apply")
