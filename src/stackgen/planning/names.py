"""Names that components may not have, since something that belongs to another component has them."""

from __future__ import annotations

from collections.abc import Sequence

from stackgen.planning.findings import Findings
from stackgen.planning.model import PlannedComponent

ROLES = "-roles"
"""What follows a database in the name of the task that makes its role, and may read the administrator's password."""


def check_names(planned: Sequence[PlannedComponent], findings: Findings) -> None:
    """Note every component that would get the identity of another one's task."""
    every = {item.resource: item for item in planned}
    for item in planned:
        owner = every.get(item.resource.removesuffix(ROLES))
        if owner is not None and owner is not item:
            findings.add(
                "name-taken",
                f"'{item.name}' is the name of the task that makes the role of the database of '{owner.name}'",
                ("components", item.name),
                hint="give it another name",
            )
