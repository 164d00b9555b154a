"""Clauses that a component loses by its place: to those whose answers it passes on, or to its options."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from stackgen.planning.findings import Findings
from stackgen.planning.merge import Merged
from stackgen.planning.model import PlannedComponent

MissingClauses = dict[str, dict[str, str]]  # contract → clause → why not


def apply_upstream_clauses(
    item: PlannedComponent, merged: Merged, others: Mapping[str, PlannedComponent], findings: Findings
) -> PlannedComponent:
    """The component, with `behind_lacks` if it passes answers on; notes needs that are not kept then."""
    limited = _clauses_lost_by_options(item, findings)
    lacks = {**_clauses_lost_upstream(item, others, findings), **limited}
    for index, clause in enumerate(item.needs):
        why = next((clauses[clause] for clauses in lacks.values() if clause in clauses), None)
        if why is not None:
            message = f"'{item.name}' needs '{clause}', which is not kept: {why}"
            mend = "change the option" if limited else "choose another implementation behind it"
            hint = f"{mend}, or drop the need"
            findings.add("need-not-kept", message, (*merged.path, "needs", index), hint=hint)
    return replace(item, behind_lacks=lacks) if lacks else item


def _clauses_lost_by_options(item: PlannedComponent, findings: Findings) -> MissingClauses:
    """What its options make impossible for every implementation; warns where that is not needed."""
    limits = findings.shelf.capability(item.capability).limits
    found = (
        {name: dict(clauses) for name, clauses in limits(item.options).items()} if limits is not None else {}
    )
    for why, clauses in _by_reason(found).items():
        unneeded = [clause for clause in clauses if clause not in item.needs]
        if unneeded:
            findings.warn(
                f"'{item.name}' in environment '{findings.environment}' keeps no {' and no '.join(unneeded)}: {why}"
            )
    return found


def _by_reason(lacks: MissingClauses) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for clauses in lacks.values():
        for clause, why in clauses.items():
            found.setdefault(why, []).append(clause)
    return found


def _clauses_lost_upstream(
    item: PlannedComponent, components: Mapping[str, PlannedComponent], findings: Findings
) -> MissingClauses:
    """What the answers lack that it gives under its own name: clauses of its own door are its own."""
    behind = findings.shelf.capability(item.capability).answers_by
    if behind is None:
        return {}
    from stackgen.contracts import contract

    groups = [[components[name] for name in names if name in components] for names in behind(item.options)]
    lacks: MissingClauses = {}
    for name, clauses in item.kept.items():
        own = next((group for group in groups if group and all(name in each.kept for each in group)), [])
        door = {clause.name for clause in contract(name).clauses if clause.door}
        for clause in clauses:
            for each in own:
                if clause not in door and clause not in each.kept[name]:
                    why = each.not_kept.get(name, {}).get(clause, "it is not declared")
                    lacks.setdefault(name, {})[clause] = f"'{each.name}' behind it does not keep it: {why}"
    return lacks
