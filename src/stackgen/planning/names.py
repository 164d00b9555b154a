"""Names that components may not have, since something that belongs to another component has them."""

from __future__ import annotations

from collections.abc import Sequence

from stackgen.planning.findings import Findings
from stackgen.planning.model import PlannedComponent

ROLES = "-roles"
"""What follows a database in the name of the task that makes its role, and may read the administrator's password."""
TASK = "the task that makes the role of the database"
PART = "a server, a port or a folder"


def check_names(planned: Sequence[PlannedComponent], findings: Findings) -> None:
    """Note every component that would get what belongs to another one: a task's identity, a server's folder or port."""
    owners: dict[str, list[tuple[PlannedComponent, str]]] = {}
    for owner in planned:
        owners.setdefault(f"{owner.resource}{ROLES}", []).append((owner, TASK))
        for part in owner.implementation.parts:
            owners.setdefault(f"{owner.resource}-{part}", []).append((owner, PART))
    for item in planned:
        for owner, what in owners.get(item.resource, ()):
            if what == TASK or item.entry.provider == owner.entry.provider:
                findings.add(
                    "name-taken",
                    f"'{item.name}' is the name of {what} of '{owner.name}'",
                    ("components", item.name),
                    hint="give it another name",
                )
