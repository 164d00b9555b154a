"""Imports from the environment before the folder of a program, so that a file there stands in for no package.

Python looks into a program's folder first. A module there that stackgen did not write, and that has the name of a
package or of a module of the standard library, would run in place of it in everything that imports that.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from functools import cache
from importlib.machinery import ModuleSpec, PathFinder
from pathlib import Path
from types import ModuleType

LOCK = "stackgen.lock.json"
USER_PACKAGE = "extensions"  # the user's own module, which the program imports


def import_environment_first(program: Path) -> None:
    """From now on a module in `program` is imported by its name if it is the program's own, or no other has the name.

    Programs that stackgen did not write keep Python's order.
    """
    lock = program / LOCK
    if lock.is_file():
        files = json.loads(lock.read_text(encoding="utf-8")).get("files", ())
        own = {path.partition("/")[0].removesuffix(".py") for path in files} | {USER_PACKAGE}
        sys.meta_path.insert(sys.meta_path.index(PathFinder), _EnvironmentFirst(program.resolve(), own))


class _EnvironmentFirst:
    """Looks for modules everywhere but in the program."""

    def __init__(self, program: Path, own: set[str]) -> None:
        self._program = program
        self._own = own
        self._is_other = cache(lambda place: not Path(place or ".").resolve().is_relative_to(self._program))

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """The module in the environment; None for one of the program's, and for parts of packages."""
        if path is not None or name in self._own:
            return None
        spec = PathFinder.find_spec(name, [place for place in sys.path if self._is_other(place)], target)
        return spec if spec is not None and spec.loader is not None else None
