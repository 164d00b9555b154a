"""Names that components may not have, since something that belongs to another component has them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from stackgen.catalog.shelf import FOUNDATION
from stackgen.planning.findings import Findings
from stackgen.planning.model import PlannedComponent

ROLES_SUFFIX = "-roles"
"""What follows a database in the name of the task that makes its role, and may read the administrator's password."""
TASK_NOTE = "the task that makes the role of the database"
PART_NOTE = "a part, such as a server, a password or a log,"


def check_names(
    planned: Sequence[PlannedComponent], findings: Findings, *, deployed: bool
) -> tuple[str, ...]:
    """Note every component that would get what belongs to another one, or to what its provider's stand on.

    deployed: it is there already and nothing of it will be made or changed: then these are sentences that are returned.
    """
    owners: dict[str, list[tuple[PlannedComponent, str]]] = {}
    for owner in planned:
        owners.setdefault(f"{owner.resource}{ROLES_SUFFIX}", []).append((owner, TASK_NOTE))
        for part in owner.implementation.parts:
            owners.setdefault(f"{owner.resource}-{part}", []).append((owner, PART_NOTE))
    sentences: list[str] = []
    for item in planned:
        whose = [
            f"{what} of '{owner.name}'"
            for owner, what in owners.get(item.resource, ())
            if _shares(item, owner)
        ]
        whose += [f"{PART_NOTE} of the foundation '{name}'" for name in _foundations(item, findings)]
        called, hint = f"'{item.name}' is the name of", "give it another name"
        if item.renamed_from is not None:
            called = f"'{item.name}' was first deployed as '{item.resource}', which is the name of"
            hint = "move its data to a component of another name"
        for owner in whose:
            if deployed:
                sentences.append(
                    f"{called} {owner}; {findings.environment} can be read and stopped, and not changed"
                )
            else:
                findings.add("name-taken", f"{called} {owner}", ("components", item.name), hint=hint)
    return tuple(sentences)


def _shares(item: PlannedComponent, owner: PlannedComponent) -> bool:
    """True if a component called as a part of another, or as the task of a database, would share something with it."""
    part = item.resource.removeprefix(f"{owner.resource}-")
    capabilities = owner.implementation.parts.get(part)
    if capabilities is None:
        return True
    return item.entry.provider == owner.entry.provider and (
        not capabilities or item.capability in capabilities
    )


def _foundations(item: PlannedComponent, findings: Findings) -> Iterator[str]:
    """Foundations of the component's provider that it would share something with."""
    offered = findings.shelf.implementations[FOUNDATION]
    for implementation in findings.shelf.provider(item.entry.provider).foundations.values():
        parts = offered[implementation].implementation.parts
        if item.resource in parts and (not parts[item.resource] or item.capability in parts[item.resource]):
            yield implementation
