"""Names that components may not have, since something that belongs to another component has them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from stackgen.planning.findings import Findings
from stackgen.planning.model import PlannedComponent

ROLES = "-roles"
"""What follows a database in the name of the task that makes its role, and may read the administrator's password."""


def check_names(planned: Sequence[PlannedComponent], findings: Findings) -> None:
    """Note every component that would get what belongs to another one: a task's identity, a server's folder or port."""
    for item in planned:
        for owner in planned:
            if owner is item:
                continue
            for what in _taken(item, owner):
                findings.add(
                    "name-taken",
                    f"'{item.name}' is the name of {what} of '{owner.name}'",
                    ("components", item.name),
                    hint="give it another name",
                )


def _taken(item: PlannedComponent, owner: PlannedComponent) -> Iterator[str]:
    """What of the owner's has the other's name."""
    if item.resource == f"{owner.resource}{ROLES}":
        yield "the task that makes the role of the database"
    names = {f"{owner.resource}-{part}" for part in owner.implementation.parts}
    if item.resource in names and item.entry.provider == owner.entry.provider:
        yield "a server, a port or a folder"
