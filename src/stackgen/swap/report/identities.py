"""Statements about the model that answers, and whether old and new vectors can be compared."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from stackgen.catalog.models import models
from stackgen.planning.identity import embedding_identity, identity_difference, stores_of_model
from stackgen.planning.model import Plan, PlannedComponent
from stackgen.swap.report.model import Statement
from stackgen.swap.report.sources import cite_descriptor, cite_model

IDENTITY_FIELDS = ("model_id", "weights", "revision", "digest", "profile", "location")


def identity_statements(before: PlannedComponent, after: PlannedComponent, plan: Plan) -> Iterator[Statement]:
    """Statements about the model of a component that has one; plan: that of before."""
    old, new = _served(before), _served(after)
    if not old and not new:
        return
    where = _source(after, str(new.get("model")))
    if old == new and before.entry.id == after.entry.id:
        yield Statement(before.name, "model identity", "same", _shown(new), where)
    else:
        says = f"{_shown(old)} by {before.entry.id} -> {_shown(new)} by {after.entry.id}"
        yield Statement(before.name, "model identity", "changed", says, where)
    yield from _embedding(before, after, plan, where)


def _embedding(
    before: PlannedComponent, after: PlannedComponent, plan: Plan, where: str
) -> Iterator[Statement]:
    old, new = embedding_identity(before), embedding_identity(after)
    if old is None or new is None:
        return
    if old == new:
        says = f"vectors stay comparable: {_shown(new)}"
        yield Statement(before.name, "embedding identity", "same", says, where)
        return
    stores = ", ".join(item.name for item in stores_of_model(plan, before.name))
    says = (
        f"{identity_difference(old, new)}: vectors of before and after can't be compared; "
        f"{'everything in ' + stores if stores else 'what is stored'} is embedded anew (`stackgen swap --apply` "
        "makes new collections, fills and compares them, and cuts over)"
    )
    yield Statement(before.name, "embedding identity", "changed", says, where)


def _served(item: PlannedComponent) -> dict[str, Any]:
    options = item.options.model_dump()
    if "model" not in options:
        return {}
    settings = item.settings.model_dump()
    chosen = {name: settings[name] for name in IDENTITY_FIELDS if settings.get(name) is not None}
    return {"model": options["model"], **chosen}


def _shown(values: dict[str, Any]) -> str:
    return ", ".join(f"{key} {value}" for key, value in values.items())


def _source(item: PlannedComponent, model: str) -> str:
    return cite_model(model) if model in models() else cite_descriptor(item.entry)
