"""What deletes a deployed program's resources: its own modules as stackgen writes them, and every provider's.

Pulumi runs no program to delete, but resources of a Python provider are deleted by the module they name. An
environment may hold resources of a provider that its spec names no longer.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from stackgen.catalog.shelf import Shelf
from stackgen.planning.model import Plan
from stackgen.planning.plan import PULUMI
from stackgen.program.build import build, modules
from stackgen.program.requirements import lock

_DYNAMIC = b"pulumi.dynamic"


@dataclass(frozen=True)
class Tools:
    """modules: relative path → content. requirements: all they need, as text. locked: with a digest of each file."""

    modules: Mapping[str, bytes]
    requirements: str
    locked: bool


def tools(plan: Plan, shelf: Shelf) -> Tools:
    """What deletes whatever `plan` or an earlier one has created."""
    found, wanted = dict(build(plan).files), {PULUMI}
    if any(_DYNAMIC in data for path, data in found.items() if path.startswith("components/")):
        wanted |= set(plan.requirements)
    for name, folder in shelf.provider_folders.items():
        own = dict(modules(folder / "program"))
        if any(_DYNAMIC in data for data in own.values()):
            wanted |= set(shelf.provider(name).requirements)
            found |= own
    text = lock(sorted(wanted))
    return Tools(found, text, "--hash=" in text)
