"""Gateways: components that serve the contract of another one whose own service does not speak it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from stackgen.planning.findings import Findings
from stackgen.planning.merge import Merged
from stackgen.planning.model import PlannedComponent


def assign_gateways(
    components: Mapping[str, PlannedComponent], all_merged: Mapping[str, Merged], findings: Findings
) -> dict[str, PlannedComponent]:
    """Every component with `served_by`, and with `behind` for those that name one that is served."""
    served = {
        name: by
        for name, item in components.items()
        if (by := _find_gateway(item, components, all_merged, findings))
    }
    if not served:
        return dict(components)
    return {
        name: replace(
            item,
            served_by=served.get(name),
            behind={n: by for n in _named(item) if (by := served.get(n)) and by != name},
        )
        for name, item in components.items()
    }


def _named(item: PlannedComponent) -> set[str]:
    return {name for reference in item.references.values() for name in reference.names}


def _find_gateway(
    item: PlannedComponent,
    components: Mapping[str, PlannedComponent],
    all_merged: Mapping[str, Merged],
    findings: Findings,
) -> str | None:
    through = item.implementation.reached_through
    if through is None:
        return None
    servers = [o.name for o in components.values() if o.capability == through and item.name in _named(o)]
    if not servers:
        findings.add(
            "needs-gateway",
            f"'{item.name}' by {item.entry.id} does not speak {' or '.join(item.implementation.kept)} itself; "
            f"it is reached through a component of capability {through}, and none names it",
            all_merged[item.name].path,
            hint=f"add a component {{capability: {through}, serves: [{item.name}]}}",
        )
        return None
    return servers[0]
