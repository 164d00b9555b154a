"""Clauses kept, lost and gained."""

from __future__ import annotations

from collections.abc import Iterator

from stackgen.planning.model import Plan, PlannedComponent
from stackgen.spec.loading import LoadedStack
from stackgen.swap.report.model import Statement
from stackgen.swap.report.sources import cite_descriptor, cite_spec


def clause_statements(
    before: PlannedComponent, after: PlannedComponent, plan: Plan, loaded: LoadedStack
) -> Iterator[Statement]:
    """A statement per clause that differs, and one that counts those that are kept. plan: the one after."""
    yield from clause_differences(before, after, plan, loaded)
    old, new = before.kept, after.kept
    both = [name for contract, names in old.items() for name in names if name in new.get(contract, ())]
    needed = [name for name in before.needs if name in both]
    if both:
        says = f"{len(both)} clauses are kept" + (f", {', '.join(needed)} among them" if needed else "")
        source = cite_descriptor(after.entry, "kept=")
        yield Statement(before.name, "clause", "same", says, source, bool(needed))


def clause_differences(
    before: PlannedComponent, after: PlannedComponent, plan: Plan, loaded: LoadedStack
) -> Iterator[Statement]:
    """A statement per clause that is lost or gained, by the component itself or by its upstream."""
    old, new = before.kept, after.kept
    for contract, names in old.items():
        for name in names:
            if name not in new.get(contract, ()):
                yield _lost(before, after, contract, name, plan, loaded)
    for contract, names in new.items():
        for name in names:
            if name not in old.get(contract, ()):
                why = before.not_kept.get(contract, {}).get(name)
                says = f"{contract} {name}" + (f"; {before.entry.id} does not keep it: {why}" if why else "")
                source = cite_descriptor(after.entry, "kept=", f'"{contract}"', f'"{name}"')
                yield Statement(before.name, "clause", "gained", says, source, name in before.needs)


def _lost(
    before: PlannedComponent,
    after: PlannedComponent,
    contract: str,
    name: str,
    plan: Plan,
    loaded: LoadedStack,
) -> Statement:
    if contract not in after.implementation.kept:
        why, source = f"{after.entry.id} has no binding of {contract}", cite_descriptor(after.entry, "kept=")
    else:
        why = after.not_kept.get(contract, {}).get(name, "it is not declared")
        source = cite_descriptor(_who_lacks(after, contract, name, plan).entry, "not_kept=", f'"{name}"')
    needed = name in before.needs
    if needed:
        source += f", {cite_spec(loaded, 'components', before.name, 'needs', before.needs.index(name))}"
    return Statement(before.name, "clause", "lost", f"{contract} {name}: {why}", source, needed)


def _who_lacks(item: PlannedComponent, contract: str, name: str, plan: Plan) -> PlannedComponent:
    """The component that doesn't keep it: itself, or one that it forwards to."""
    if name not in item.behind_lacks.get(contract, {}):
        return item
    named = (plan.by_name[other] for other in item.mentions)
    return next((other for other in named if name in other.not_kept.get(contract, {})), item)
