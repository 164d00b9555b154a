"""Modules that delete a deployed program's resources: its own as stackgen writes them, and every provider's.

Pulumi runs no program to delete, but resources of a Python provider are deleted by the module they name. An
environment may hold resources of a provider that its spec names no longer.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from stackgen.catalog.shelf import Shelf
from stackgen.planning.model import Plan
from stackgen.planning.plan import PULUMI_REQUIREMENT
from stackgen.program.build import build_program
from stackgen.program.modules import read_module_files
from stackgen.program.requirements import pin_requirements

_DYNAMIC = b"pulumi.dynamic"


@dataclass(frozen=True)
class RemovalTools:
    """modules: relative path → content. requirements: all they need, as text. locked: with a digest of each file."""

    modules: Mapping[str, bytes]
    requirements: str
    locked: bool


def removal_tools(plan: Plan, shelf: Shelf) -> RemovalTools:
    """Modules and requirements that delete what `plan` or an earlier one has created."""
    found, wanted = dict(build_program(plan).files), {PULUMI_REQUIREMENT}
    if any(_DYNAMIC in data for path, data in found.items() if path.startswith("components/")):
        wanted |= set(plan.requirements)
    for name, folder in shelf.provider_folders.items():
        own = dict(read_module_files(folder / "program"))
        if any(_DYNAMIC in data for data in own.values()):
            wanted |= set(shelf.provider(name).requirements)
            found |= own
    text = pin_requirements(sorted(wanted))
    return RemovalTools(found, text, "--hash=" in text)
