"""Reads a program's modules from their sources alone; those of a reviewed program as they were reviewed.

Python runs what is in `__pycache__` without a look at the source, where the bytecode says so (PEP 552), and no reviewer
reads it. Compiling all modules of a program takes less than a tenth of a second.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping
from importlib.machinery import (
    EXTENSION_SUFFIXES,
    SOURCE_SUFFIXES,
    ExtensionFileLoader,
    FileFinder,
    ModuleSpec,
    SourceFileLoader,
)
from importlib.util import spec_from_file_location
from pathlib import Path
from types import CodeType, ModuleType
from typing import Any

REVIEWED = "STACKGEN_REVIEWED"
"""Variable with the path of a JSON file: path of each module below the program → its source, a character per byte."""


class Source(SourceFileLoader):
    """A loader that neither reads nor writes bytecode. source: instead of what the file has."""

    def __init__(self, fullname: str, path: str, source: bytes | None = None) -> None:
        super().__init__(fullname, path)
        self._source = source

    def get_code(self, fullname: str) -> CodeType:
        """The code of a module, compiled from its source."""
        path = self.get_filename(fullname)
        return self.source_to_code(self.get_data(path), path)

    def get_data(self, path: str) -> bytes:
        """The source, or what a file beside it has."""
        return super().get_data(path) if self._source is None or path != self.path else self._source


class Reviewed:
    """Looks for modules of one folder in the sources that were reviewed: what is on disk may be others by now.

    Compiled modules and archives are none of them.
    """

    def __init__(self, folder: Path, below: str, sources: Mapping[str, bytes]) -> None:
        """below: path of the folder in the program, with a slash at its end, or empty."""
        self._folder = folder
        self._below = below
        self._sources = sources

    def find_spec(self, name: str, target: ModuleType | None = None) -> ModuleSpec | None:
        """A package, a module, or a folder of modules."""
        tail = name.rpartition(".")[2]
        for file, places in ((f"{tail}/__init__.py", [str(self._folder / tail)]), (f"{tail}.py", None)):
            source = self._sources.get(self._below + file)
            if source is not None:
                path = str(self._folder / file)
                loader = Source(name, path, source)
                return spec_from_file_location(name, path, loader=loader, submodule_search_locations=places)
        if not any(path.startswith(f"{self._below}{tail}/") for path in self._sources):
            return None
        spec = ModuleSpec(name, None)
        spec.submodule_search_locations = [str(self._folder / tail)]
        return spec


def _reviewed() -> dict[str, bytes] | None:
    file = os.environ.get(REVIEWED)
    if file is None:
        return None
    found = json.loads(Path(file).read_text(encoding="utf-8"))
    return {path: source.encode("latin-1") for path, source in found.items()}


def only(program: Path) -> None:
    """From now on modules in `program`, and below it, are loaded from their sources."""
    place = program.resolve()
    reviewed = _reviewed()
    on_disk = FileFinder.path_hook((ExtensionFileLoader, EXTENSION_SUFFIXES), (Source, SOURCE_SUFFIXES))

    def hook(path: str) -> Any:
        spelled = Path(path or ".").absolute()
        below = _below(spelled, place)
        if below is None:
            raise ImportError(path)
        if reviewed is None:
            return on_disk(path)
        return Reviewed(spelled, "" if below == Path() else f"{below.as_posix()}/", reviewed)

    sys.path_hooks.insert(0, hook)
    sys.path_importer_cache.clear()


def _below(folder: Path, program: Path) -> Path | None:
    """A folder as it is spelled below the program, since a part of that may be a link that leads out of it."""
    for parent in (folder, *folder.parents):
        if parent.resolve() == program:
            return folder.relative_to(parent)
    resolved = folder.resolve()
    return resolved.relative_to(program) if resolved.is_relative_to(program) else None
