"""Clauses kept, lost and gained."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from stackgen.impact.citing import descriptor, spec
from stackgen.impact.model import Statement
from stackgen.planning.model import PlannedComponent
from stackgen.spec.loading import LoadedStack


def clauses(before: PlannedComponent, after: PlannedComponent, loaded: LoadedStack) -> Iterator[Statement]:
    """A statement per clause that differs, and one that counts those that are kept."""
    old, new = _kept(before), _kept(after)
    for contract, names in old.items():
        for name in names:
            if name not in new.get(contract, ()):
                yield _lost(before, after, contract, name, loaded)
    for contract, names in new.items():
        for name in names:
            if name not in old.get(contract, ()):
                why = before.implementation.not_kept.get(contract, {}).get(name)
                says = f"{contract} {name}" + (f"; {before.entry.id} does not keep it: {why}" if why else "")
                source = descriptor(after.entry, "kept=", f'"{contract}"', f'"{name}"')
                yield Statement(before.name, "clause", "gained", says, source, name in before.needs)
    both = [name for contract, names in old.items() for name in names if name in new.get(contract, ())]
    needed = [name for name in before.needs if name in both]
    if both:
        says = f"{len(both)} clauses are kept" + (f", {', '.join(needed)} among them" if needed else "")
        source = descriptor(after.entry, "kept=")
        yield Statement(before.name, "clause", "same", says, source, bool(needed))


def _kept(item: PlannedComponent) -> Mapping[str, tuple[str, ...]]:
    return item.implementation.keeps(item.settings.model_dump())


def _lost(
    before: PlannedComponent, after: PlannedComponent, contract: str, name: str, loaded: LoadedStack
) -> Statement:
    reasons = after.implementation.lacks(after.settings.model_dump()).get(contract)
    if contract not in after.implementation.kept:
        why, source = f"{after.entry.id} has no binding of {contract}", descriptor(after.entry, "kept=")
    else:
        why = (reasons or {}).get(name, "it is not declared")
        source = descriptor(after.entry, "not_kept=", f'"{name}"')
    needed = name in before.needs
    if needed:
        source += f", {spec(loaded, 'components', before.name, 'needs', before.needs.index(name))}"
    return Statement(before.name, "clause", "lost", f"{contract} {name}: {why}", source, needed)
