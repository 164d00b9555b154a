"""Refuses a program whose embeddings would not compare with those that the one on disk made."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from stackgen import checkout
from stackgen.errors import Problem, StackgenError
from stackgen.planning.identity import embedding_identity, identity_difference, keeps_embeddings
from stackgen.planning.model import Plan, PlannedComponent
from stackgen.program.lock import LOCK


def refuse_another_space(plan: Plan, folder: Path) -> None:
    """Raise StackgenError(embedding-identity-changed) where a model's vectors would be of another space.

    The lock says what the program on disk was made with. A box that stood beside the old one may take its place:
    that is what a swap does, once it has made the embeddings anew.
    """
    try:
        content = json.loads(checkout.read_text(folder / LOCK))
        components, beside = _tables(content["components"]), _tables(content.get("beside", {}))
    except (OSError, ValueError, KeyError, AttributeError, TypeError, RecursionError):  # a stranger's lock
        return
    problems = list(_changed(plan, components, beside))
    if problems:
        raise StackgenError(problems)


def _tables(entries: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    return {name: dict(entry) for name, entry in entries.items()}


def _changed(plan: Plan, components: Mapping[str, Any], beside: Mapping[str, Any]) -> Iterator[Problem]:
    for item in plan.components:
        last = components.get(item.name) or components.get(item.renamed_from or "", {})
        old = last.get("embedding_identity")
        new = embedding_identity(item)
        if not old or new is None or old == new or not keeps_embeddings(plan, item.name):
            continue
        stood = beside.get(item.name, {})
        if stood.get("embedding_identity") == new and stood.get("box", 1) == item.box:
            continue
        yield identity_problem(plan, item, identity_difference(old, new))


def identity_problem(plan: Plan, item: PlannedComponent, what: str) -> Problem:
    """The problem, with the command that changes the model and makes the embeddings anew."""
    message = (
        f"'{item.name}' would make embeddings that don't compare with those that are stored ({what}): "
        "nearest neighbours would be wrong without any error"
    )
    model = item.options.model_dump()["model"]
    command = f"stackgen swap {plan.stack.name} {item.name} --to {item.entry.id} --set model={model}"
    return Problem(
        "embedding-identity-changed",
        message,
        hint="put the spec back, then swap the model: that makes every stored embedding anew; "
        "--accept-embeddings if nothing is stored",
        next=f"{command} -e {plan.environment} --apply",
    )
