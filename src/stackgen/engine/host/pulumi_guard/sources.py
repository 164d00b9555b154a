"""Reads a program's modules from their sources alone, and of a reviewed program nothing else than what was reviewed.

Python runs what is in `__pycache__` without a look at the source, where the bytecode says so (PEP 552), and no reviewer
reads it. Compiling all modules of a program takes less than a tenth of a second.
"""

from __future__ import annotations

import hashlib
import json
import os
import sys
from functools import cache
from importlib.machinery import (
    EXTENSION_SUFFIXES,
    SOURCE_SUFFIXES,
    ExtensionFileLoader,
    FileFinder,
    SourceFileLoader,
)
from pathlib import Path
from types import CodeType
from typing import Any

REVIEWED = "STACKGEN_REVIEWED"
"""Variable with the path of a JSON file: real path of each reviewed module → SHA-256 of its source."""


class Source(SourceFileLoader):
    """A loader that neither reads nor writes bytecode."""

    def get_code(self, fullname: str) -> CodeType:
        """The code of a module, compiled from its source; raises ImportError where another source was reviewed."""
        path = self.get_filename(fullname)
        source = self.get_data(path)
        reviewed = _reviewed()
        if (
            reviewed is not None
            and reviewed.get(os.path.realpath(path)) != hashlib.sha256(source).hexdigest()
        ):
            raise ImportError(
                f"{path} is not as it was reviewed, or is reached by a link out of the checkout"
            )
        return self.source_to_code(source, path)


@cache
def _reviewed() -> dict[str, str] | None:
    file = os.environ.get(REVIEWED)
    return None if file is None else json.loads(Path(file).read_text(encoding="utf-8"))


def only(program: Path) -> None:
    """From now on modules in `program`, and below it, are loaded from their sources."""
    place = program.resolve()
    finder = FileFinder.path_hook((ExtensionFileLoader, EXTENSION_SUFFIXES), (Source, SOURCE_SUFFIXES))

    def hook(path: str) -> Any:
        spelled = Path(path or ".").absolute()  # a package may be a link that leads out of the program
        if not any(folder.is_relative_to(place) for folder in (spelled, spelled.resolve())):
            raise ImportError(path)
        return finder(path)

    sys.path_hooks.insert(0, hook)
    sys.path_importer_cache.clear()
