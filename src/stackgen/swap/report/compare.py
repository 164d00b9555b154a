"""Compares components of two plans."""

from __future__ import annotations

from collections.abc import Iterator

from stackgen.planning.model import Plan, PlannedComponent
from stackgen.spec.loading import LoadedStack
from stackgen.swap.report.clauses import clause_differences, clause_statements
from stackgen.swap.report.consequences import binding_statements, data_statements, resource_statements
from stackgen.swap.report.identities import identity_statements
from stackgen.swap.report.model import TOPICS, Impact, Statement
from stackgen.swap.report.security import hosting_statements, property_statements
from stackgen.swap.report.sources import component_file


def compare_components(before: Plan, after: Plan, component: str, loaded: LoadedStack) -> Impact:
    """Compare one component in two plans, and the clauses that others lose or gain by it."""
    old, new = before.by_name[component], after.by_name[component]
    found = [*_statements(old, new, before, after, loaded)]
    for item in before.components:  # what passes its answers on keeps no more than it does
        if item.name != component:
            found += clause_differences(item, after.by_name[item.name], after, loaded)
    return Impact(old.entry.id, new.entry.id, tuple(found))


def compare_environments(before: Plan, after: Plan, loaded: LoadedStack) -> Impact:
    """Compare every component of two plans, and list foundations that come and go."""
    found: list[Statement] = []
    for item in before.components:
        found += _statements(item, after.by_name[item.name], before, after, loaded)
    found += _foundations(before, after)
    return Impact(before.environment, after.environment, tuple(found))


def _statements(
    old: PlannedComponent, new: PlannedComponent, plan: Plan, after: Plan, loaded: LoadedStack
) -> Iterator[Statement]:
    found = [
        *clause_statements(old, new, after, loaded),
        *property_statements(old, new),
        *binding_statements(old, new, plan),
        *resource_statements(old, new),
        *data_statements(old, new, plan),
        *identity_statements(old, new, plan),
        *hosting_statements(old, new),
    ]
    yield from sorted(found, key=lambda item: TOPICS.index(item.topic))


def _foundations(before: Plan, after: Plan) -> Iterator[Statement]:
    old = {item.entry.id: item for item in before.foundations}
    new = {item.entry.id: item for item in after.foundations}
    for name in dict.fromkeys((*old, *new)):
        if (name in old) != (name in new):
            entry = (new.get(name) or old[name]).entry
            word = "created" if name in new else "deleted"
            says = f"stackgen:{entry.capability}:{entry.class_name}: {entry.implementation.description}"
            yield Statement("(foundation)", "resources", word, says, component_file(entry))
