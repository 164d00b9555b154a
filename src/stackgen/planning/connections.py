"""Checks that components on different providers can connect at all."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from stackgen.planning.findings import Findings
from stackgen.planning.merge import Merged
from stackgen.planning.model import PlannedComponent


def check_connections(
    components: Mapping[str, PlannedComponent], all_merged: Mapping[str, Merged], findings: Findings
) -> None:
    """Note every connection from one provider to another that the first has no way to make."""
    for item in components.values():
        for option, target in _connections(item, components):
            provider, other = item.entry.provider, target.entry.provider
            reaches = findings.shelf.provider(provider).reaches
            if other == provider or reaches is None or other in reaches:
                continue
            findings.add(
                "out-of-reach",
                f"'{item.name}' on {provider} connects to '{target.name}' on {other}, "
                "and there is no way between them",
                all_merged[item.name].option_path((option,)),
                hint=f"let one provider run both; from {provider} there are ways to "
                f"{' and '.join(reaches) or 'no other provider'}",
            )


def _connections(
    item: PlannedComponent, found: Mapping[str, PlannedComponent]
) -> Iterator[tuple[str, PlannedComponent]]:
    """Option → the component that it connects to: the gateway of a component that has one."""
    for option, reference in item.references.items():
        for name in reference.names:
            if name in found and reference.connects(found[name]):
                yield option, found[item.behind.get(name, name)]
