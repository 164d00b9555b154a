"""Checks that a catalog's folders are where they are looked for: `<capability>/<provider>_<name>/implementation.py`.

A foundation stands below its provider: `providers/<provider>/foundation/<provider>_<name>/implementation.py`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from pathlib import Path

from stackgen.catalog.checks.source import shorten_path
from stackgen.catalog.shelf import FOUNDATION, catalog_files
from stackgen.errors import Position, Problem, did_you_mean

SHAPE = "<capability>/<provider>_<name>/implementation.py"


def find_misplaced(
    root: Path, folder: Path, capabilities: Collection[str], providers: Collection[str]
) -> Iterator[Problem]:
    """List problems of the names of an implementation's folder and of the one above it."""
    capability, provider = folder.parent.name, folder.name.partition("_")[0]
    place = Position(shorten_path(folder / "implementation.py"), 1, 1)
    if capability not in capabilities:
        yield Problem(
            "unknown-capability",
            f"{shorten_path(folder)} stands below '{capability}', which is no capability",
            place,
            did_you_mean(capability, list(capabilities)) or "a new capability has a capability.py beside it",
            tuple(sorted(capabilities)),
        )
    if provider not in providers:
        yield Problem(
            "unknown-provider",
            f"{shorten_path(folder)} begins with '{provider}', which is no provider",
            place,
            did_you_mean(provider, list(providers))
            or f"a new provider stands in {shorten_path(root)}/providers/",
            tuple(sorted(providers)),
        )
    if capability == FOUNDATION:
        yield from _foundation(root, folder, provider, place)


def _foundation(root: Path, folder: Path, provider: str, place: Position) -> Iterator[Problem]:
    wanted = root / "providers" / provider / FOUNDATION / folder.name
    if folder != wanted:
        message = f"{shorten_path(folder)} is a foundation and does not stand below its provider"
        yield Problem("foundation-misplaced", message, place, f"move it to {shorten_path(wanted)}")


def incomplete(root: Path) -> Iterator[Problem]:
    """Folders of a catalog that look like an implementation and are overlooked."""
    for component in catalog_files(root, "*/component.py"):
        folder = component.parent
        if not (folder / "implementation.py").is_file():
            message = f"{shorten_path(folder)} has a component.py but no implementation.py; the catalog leaves it out"
            hint = "describe it: IMPLEMENTATION = Implementation(...)"
            yield Problem("implementation-missing", message, Position(shorten_path(component), 1, 1), hint)
    for file in catalog_files(root, "*/implementation.py"):
        name = file.parent.name
        if "_" not in name:
            message = f"{shorten_path(file.parent)} has no provider in its name, so the catalog leaves it out"
            hint = f"call it <provider>_{name}, such as local_{name}"
            yield Problem("folder-name", message, Position(shorten_path(file), 1, 1), hint)
        elif not name.isidentifier() or name != name.lower():
            message = f"{shorten_path(file.parent)} can't be a Python module's name"
            hint = "lower-case letters, digits and underscores, beginning with a letter"
            yield Problem("folder-name", message, Position(shorten_path(file), 1, 1), hint)
