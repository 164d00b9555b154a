"""Checks that the length of a model's embeddings is the one that vector stores expect."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from stackgen.errors import Problem, StackgenError
from stackgen.planning.identity import embedding_identity, embedding_model_of
from stackgen.planning.merge import merge_components
from stackgen.planning.model import Plan, PlannedComponent

if TYPE_CHECKING:
    from stackgen.spec.loading import LoadedStack


def refuse_other_lengths(plan: Plan, loaded: LoadedStack) -> None:
    """Raise StackgenError(other-dimensions) for every store that expects vectors its model does not make.

    While the model is swapped, the store may already expect what the box beside makes.
    """
    problems: list[Problem] = []
    for store, made, by in _mismatches(plan):
        if by is None:
            continue
        path = merge_components(loaded.stack, plan.environment)[store.name].option_path(("dimensions",))
        expected, lengths = _expected(store), " or ".join(map(str, made))
        message = (
            f"'{store.name}' in environment '{plan.environment}' stores embeddings of {expected} dimensions, "
            f"and '{by}', which makes them, makes {lengths}"
        )
        place = loaded.positions.at(path) if loaded.positions is not None else None
        problems.append(Problem("other-dimensions", message, place, f"set `dimensions: {made[0]}`"))
    if problems:
        raise StackgenError(problems)


def length_warnings(plan: Plan) -> tuple[str, ...]:
    """A sentence per store that names no model, where none of the environment's makes what it expects."""
    return tuple(
        f"'{store.name}' in environment '{plan.environment}' stores embeddings of {_expected(store)} dimensions, "
        f"and the embedding models there make {' or '.join(map(str, made))}; say which one with `embedded_by`"
        for store, made, by in _mismatches(plan)
        if by is None
    )


def _mismatches(plan: Plan) -> Iterator[tuple[PlannedComponent, list[int], str | None]]:
    """Store, lengths that its models make, and the model that it names, where none of the lengths is the store's."""
    for store in plan.components:
        if _expected(store) is None:
            continue
        by = embedding_model_of(store)
        made = [
            found["dimensions"]
            for box in plan.all_components
            if by in (None, box.name) and (found := embedding_identity(box))
        ]
        if made and _expected(store) not in made:
            yield store, list(dict.fromkeys(made)), by


def _expected(item: PlannedComponent) -> int | None:
    """Length of the embeddings that a vector store is for; None for any other component."""
    options = item.options.model_dump()
    return options["dimensions"] if "embedded_by" in options else None
