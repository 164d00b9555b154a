"""Reads a program's modules from their sources alone; those of a reviewed program as they were reviewed.

Python runs what is in `__pycache__` without a look at the source, where the bytecode says so (PEP 552), and no reviewer
reads it. Compiling all modules of a program takes less than a tenth of a second.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator, Mapping
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
"""Variable with the path of a JSON file.

`sources`: path of each module below the program → its source, a character per byte. `links`: path of each link to a
folder of the program → path of that folder.
"""


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


class ReviewedSources:
    """The modules of a program as they were reviewed: what is on disk may be others by now.

    Compiled modules and archives are none of them.
    """

    def __init__(self, sources: Mapping[str, str], links: Mapping[str, str]) -> None:
        self.sources = {path: source.encode("latin-1") for path, source in sources.items()}
        self.links = links

    def within(self, folder: str) -> str:
        """Prefix of paths in a folder of the program: with a slash at the end, or empty."""
        path = f"{folder}/" if folder not in ("", ".") else ""
        for _ in self.links:  # each leads to a folder that is reached by none
            for link, target in self.links.items():
                if path.startswith(f"{link}/"):
                    path = f"{target}/{path.removeprefix(f'{link}/')}".removeprefix("./")
        return path


class Reviewed:
    """Looks for modules of one folder of a program."""

    def __init__(self, folder: Path, below: str, program: ReviewedSources) -> None:
        """below: path of the folder in the program."""
        self._folder = folder
        self._below = program.within(below)
        self._program = program

    def iter_modules(self, prefix: str = "") -> Iterator[tuple[str, bool]]:
        """Name of each module, and whether it is a package; for `pkgutil`."""
        sources, links = self._program.sources, self._program.links
        names = {
            path.removeprefix(self._below).partition("/")[0]
            for path in (*sources, *links)
            if path.startswith(self._below)
        }
        for name in sorted(names):
            if "." not in name and f"{self._program.within(self._below + name)}__init__.py" in sources:
                yield f"{prefix}{name}", True
            stem = name.removesuffix(".py")
            if name.endswith(".py") and "." not in stem and stem != "__init__" and stem not in names:
                yield f"{prefix}{stem}", False

    def find_spec(self, name: str, target: ModuleType | None = None) -> ModuleSpec | None:
        """A package, a module, or a folder of modules."""
        tail = name.rpartition(".")[2]
        sources, inside = self._program.sources, self._program.within(f"{self._below}{tail}")
        places = [str(self._folder / tail)]
        if (source := sources.get(f"{inside}__init__.py")) is not None:
            return self._spec(name, f"{tail}/__init__.py", source, places)
        if (source := sources.get(f"{self._below}{tail}.py")) is not None:
            return self._spec(name, f"{tail}.py", source, None)
        if not any(path.startswith(inside) for path in sources):
            return None
        spec = ModuleSpec(name, None)
        spec.submodule_search_locations = places
        return spec

    def _spec(self, name: str, file: str, source: bytes, places: list[str] | None) -> ModuleSpec | None:
        path = str(self._folder / file)
        loader = Source(name, path, source)
        return spec_from_file_location(name, path, loader=loader, submodule_search_locations=places)


def _reviewed() -> ReviewedSources | None:
    file = os.environ.get(REVIEWED)
    return None if file is None else ReviewedSources(**json.loads(Path(file).read_text(encoding="utf-8")))


def load_only_sources(program: Path) -> None:
    """From now on modules in `program`, and below it, are loaded from their sources."""
    place = program.resolve()
    reviewed = _reviewed()
    on_disk = FileFinder.path_hook((ExtensionFileLoader, EXTENSION_SUFFIXES), (Source, SOURCE_SUFFIXES))

    def hook(path: str) -> Any:
        spelled = Path(os.path.abspath(path or "."))  # noqa: PTH100 - without "..", with links as they are
        below = _below(spelled, place)
        if below is None:
            raise ImportError(path)
        if reviewed is None:
            return on_disk(path)
        return Reviewed(spelled, below.as_posix(), reviewed)

    sys.path_hooks.insert(0, hook)
    sys.path_importer_cache.clear()


def _below(folder: Path, program: Path) -> Path | None:
    """A folder as it is spelled below the program, since a part of that may be a link that leads out of it."""
    for parent in (folder, *folder.parents):
        if parent.resolve() == program:
            return folder.relative_to(parent)
    resolved = folder.resolve()
    return resolved.relative_to(program) if resolved.is_relative_to(program) else None
