"""Modules that providers bring into programs: which ones a program needs, and which an implementation is made of."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path

from stackgen.catalog.shelf import FOUNDATION, PROVIDERS, SHARED, Entry
from stackgen.planning.model import Plan
from stackgen.program.contract_bindings import contract_bindings
from stackgen.program.contract_variables import contract_variables

FOLDER = "program"  # of a provider
Packages = Mapping[str, Mapping[str, bytes]]
_MADE = {
    "contract_bindings.py": contract_bindings,
    "contract_variables.py": contract_variables,
}  # from the contracts
_USE = re.compile(
    rb"^[ \t]*(?:from[ \t]+(\w+)|import[ \t]+([^#\r\n]+)|COPY[ \t]+(?:--\S+[ \t]+)*(\w+)/)", re.MULTILINE
)


def read_module_files(root: Path) -> Iterator[tuple[str, bytes]]:
    """Every file below a folder of modules, by its relative POSIX path."""
    for path in sorted(root.rglob("*")):
        if path.is_file() and "__pycache__" not in path.parts:
            yield path.relative_to(root).as_posix(), path.read_bytes()


def select_modules(plan: Plan, files: Mapping[str, bytes]) -> Mapping[str, bytes]:
    """Return modules of the plan's providers, and those of no provider, by their paths in the program.

    files: the rest of the program. A package is copied where something in the program uses it, and any other file of a
    provider always.
    """
    packages: dict[str, Mapping[str, bytes]] = {}
    copied: dict[str, bytes] = {}
    for root in (*(folder / FOLDER for folder in plan.provider_folders.values()), SHARED / FOLDER):
        for name, content in _packages(root).items():
            if root.parent == SHARED or (root / name / "__init__.py").is_file():
                packages[name] = content
            else:
                copied |= content
    for name in _reached({**files, **copied}, packages):
        copied |= packages[name]
    return copied | {path: write() for path, write in _MADE.items() if path in copied}


def own_packages(entry: Entry) -> Mapping[str, bytes]:
    """Return files of packages that an implementation imports and its provider's foundations do not, by their paths."""
    private = entry.folder.parents[1] / "providers" / entry.provider
    providers = [folder for folder in (PROVIDERS / entry.provider, private) if folder.is_dir()]
    packages = {
        name: files
        for root in (*(folder / FOLDER for folder in providers), SHARED / FOLDER)
        for name, files in _packages(root).items()
        if f"{name}.py" not in _MADE
    }
    grounds = [path for folder in providers for path in sorted((folder / FOUNDATION).glob("*/component.py"))]
    common = _reached({str(path): path.read_bytes() for path in grounds}, packages)
    others = {name: files for name, files in packages.items() if name not in common}
    own = _reached({"component.py": (entry.folder / "component.py").read_bytes()}, others)
    return {path: content for name in own for path, content in others[name].items()}


def _packages(root: Path) -> dict[str, dict[str, bytes]]:
    """First name of a module → its files, by their paths."""
    packages: dict[str, dict[str, bytes]] = {}
    for path, content in read_module_files(root):
        packages.setdefault(path.partition("/")[0].removesuffix(".py"), {})[path] = content
    return packages


def _reached(files: Mapping[str, bytes], packages: Packages) -> set[str]:
    """Names of the packages that sources use, directly or through one another."""
    reached: set[str] = set()
    wanted = find_used_modules(files) & packages.keys()
    while wanted:
        reached |= wanted
        added = {path: content for name in wanted for path, content in packages[name].items()}
        wanted = (find_used_modules(added) & packages.keys()) - reached
    return reached


def find_used_modules(files: Mapping[str, bytes]) -> set[str]:
    """Return the first names of all modules that sources import, and of those that a Dockerfile copies."""
    used: set[str] = set()
    for path, content in files.items():
        if path.endswith((".py", "Dockerfile")):
            used |= _names(content)
    return used


@cache
def _names(source: bytes) -> frozenset[str]:
    names: list[bytes] = []
    for one, several, copied in _USE.findall(source):
        names += several.split(b",") if several else [one or copied]
    return frozenset(re.split(rb"\W", name.strip())[0].decode() for name in names)
