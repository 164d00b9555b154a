"""Sources of statements: file and line, as a person would look them up."""

from __future__ import annotations

import re
from pathlib import Path

from stackgen.catalog.models import TABLE
from stackgen.catalog.shelf import BUILT_IN, Entry
from stackgen.spec.loading import LoadedStack

DESCRIPTOR = "implementation.py"


def cite_descriptor(entry: Entry, *words: str) -> str:
    """`file:line` of the last search word in an implementation's descriptor, each searched after the previous one."""
    path = entry.folder / DESCRIPTOR
    return _cite(path, _shown(path), words)


def cite_property(entry: Entry, name: str) -> str:
    """`file:line` of a property: in the descriptor, or in the provider's common properties."""
    own = entry.folder / DESCRIPTOR
    shared = BUILT_IN.parent / "providers" / entry.provider / "properties.py"
    if f"{name}=" in own.read_text(encoding="utf-8") or not shared.is_file():
        return cite_descriptor(entry, f"{name}=")
    base = re.search(r"properties=(?:replace\(\s*)?(\w+)", own.read_text(encoding="utf-8"))
    return _cite(shared, _shown(shared), (f"{base[1]} =" if base else "", f"{name}="))


def cite_model(model: str) -> str:
    """A model's line in the table of models; the table itself where it isn't in it."""
    return _cite(TABLE, _shown(TABLE), (f"\n  {model}:",))


def cite_spec(loaded: LoadedStack, *path: str | int) -> str:
    """A line of the spec."""
    if loaded.positions is None:
        return loaded.path.name
    return f"{loaded.path.name}:{loaded.positions.at(path).line}"


def contract_file(name: str) -> str:
    """The contract's module."""
    return f"contracts/{name.replace('-', '_')}/contract.py"


def mover_file(name: str) -> str:
    """The module that moves a contract's data."""
    return f"contracts/{name.replace('-', '_')}/mover.py"


def component_file(entry: Entry) -> str:
    """The component that makes the resources."""
    return _shown(entry.folder / "component.py")


def _shown(path: Path) -> str:
    root = BUILT_IN.parent
    if path.is_relative_to(root):
        return path.relative_to(root).as_posix()
    return "/".join(path.parts[-3:])


def _cite(path: Path, shown: str, words: tuple[str, ...]) -> str:
    """Each word is looked for behind the one before it."""
    text, place = path.read_text(encoding="utf-8"), -1
    for word in words:
        found = text.find(word, max(place, 0)) if word else -1
        if found >= 0:
            place = found + (len(word) - len(word.lstrip("\n")))
    return f"{shown}:{text.count(chr(10), 0, place) + 1}" if place >= 0 else shown
