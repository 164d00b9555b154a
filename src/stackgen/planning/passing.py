"""Components that pass other components' answers on keep no more than those do."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from stackgen.planning.findings import Findings
from stackgen.planning.merge import Merged
from stackgen.planning.model import PlannedComponent

Lacks = dict[str, dict[str, str]]  # contract → clause → why not


def pass_on(
    item: PlannedComponent, merged: Merged, others: Mapping[str, PlannedComponent], findings: Findings
) -> PlannedComponent:
    """The component, with `behind_lacks` if it passes answers on; notes needs that are not kept then."""
    lacks = _lacks(item, others, findings)
    for index, clause in enumerate(item.needs):
        why = next((clauses[clause] for clauses in lacks.values() if clause in clauses), None)
        if why is not None:
            message = f"'{item.name}' needs '{clause}', which is not kept: {why}"
            hint = "choose another implementation behind it, or drop the need"
            findings.add("need-not-kept", message, (*merged.path, "needs", index), hint=hint)
    return replace(item, behind_lacks=lacks) if lacks else item


def _lacks(item: PlannedComponent, found: Mapping[str, PlannedComponent], findings: Findings) -> Lacks:
    """What the answers lack that it gives under its own name: clauses of its own door are its own."""
    behind = findings.shelf.capability(item.capability).answers_by
    if behind is None:
        return {}
    from stackgen.contracts import contract

    groups = [[found[name] for name in names if name in found] for names in behind(item.options)]
    lacks: Lacks = {}
    for name, clauses in item.kept.items():
        own = next((group for group in groups if group and all(name in each.kept for each in group)), [])
        door = {clause.name for clause in contract(name).clauses if clause.door}
        for clause in clauses:
            for each in own:
                if clause not in door and clause not in each.kept[name]:
                    why = each.not_kept.get(name, {}).get(clause, "it is not declared")
                    lacks.setdefault(name, {})[clause] = f"'{each.name}' behind it does not keep it: {why}"
    return lacks
