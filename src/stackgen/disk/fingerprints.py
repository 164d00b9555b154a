"""Digests of all that a component's resources depend on: while they are equal, none of its data is deleted."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping

from stackgen import checkout
from stackgen.homes import data_home
from stackgen.planning.model import Plan
from stackgen.program.build import Program
from stackgen.program.lock import LOCK
from stackgen.program.main_module import component_calls

SHARED = ""  # key of what all components share
_COVERED_BY_THE_PLAN = {
    LOCK,
    "README.md",
    ".gitignore",
    "__main__.py",
}  # files that make no resource, and the calls of all components


def fingerprints(plan: Plan, program: Program, settings: Mapping[str, str]) -> dict[str, str]:
    """Component → digest of its call and its code; SHARED → digest of all that any component may depend on.

    The program is on disk, where the user may have changed extensions.py. settings: path of each of Pulumi's settings
    files → what is set in it.
    """
    made = component_calls(plan, program.folder)
    own = {
        item.resource: list(_component(item.entry.capability, item.entry.folder.name, program))
        for item in plan.all_components
    }
    names = {name for found in own.values() for name, _ in found}
    shared = [
        (path, data) for path, data in program.files.items() if path not in names | _COVERED_BY_THE_PLAN
    ]
    users = [path for path in program.once if path.endswith(".py")]
    shared += [(path, checkout.read_file(program.folder / path, within=program.folder)) for path in users]
    shared += [(path, text.encode()) for path, text in settings.items()]
    shared += [("data home", str(data_home()).encode())]
    shared += [(item.name, made[item.name].encode()) for item in plan.foundations]
    found = {name: _digest([("call", made[name].encode()), *files]) for name, files in own.items()}
    return {SHARED: _digest(shared), **found}


def _component(capability: str, name: str, program: Program) -> Iterator[tuple[str, bytes]]:
    base = f"components/{capability}"
    for path, data in program.files.items():
        if path == f"{base}/{name}.py" or path.startswith(f"{base}/files/{name}/"):
            yield path, data


def _digest(parts: list[tuple[str, bytes]] | Mapping[str, bytes]) -> str:
    digest = hashlib.sha256()
    for name, data in sorted(dict(parts).items()):
        digest.update(f"{name}\0{len(data)}\0".encode() + data)
    return digest.hexdigest()
