"""Loads dynamic providers by their class's name only, and only classes of the program.

Pulumi sends a dynamic provider as a pickle, which may hold any code. Providers of generated programs are classes in
modules of the program: their pickles hold a name, and nothing else is loaded.
"""

from __future__ import annotations

import importlib.util
import io
import pickle
from pathlib import Path
from typing import Any

import dill
from pulumi.dynamic import ResourceProvider

LOCK_FILE = "stackgen.lock.json"


def is_generated(program: Path) -> bool:
    """True if `program` is a generated one; other programs may send providers as code, as Pulumi has it."""
    return (program / LOCK_FILE).is_file()


def restrict_classes(program: Path) -> None:
    """From now on `dill.loads`, which Pulumi's server calls, loads classes of `program` only."""

    def loads(content: bytes, **_options: Any) -> Any:
        return Loader(content, program).load()

    dill.loads = loads


class Loader(pickle.Unpickler):
    """Reads one provider; raises UnpicklingError for anything that is not a provider class of the program."""

    def __init__(self, content: bytes, program: Path) -> None:
        super().__init__(io.BytesIO(content))
        self.program = program.resolve()

    def find_class(self, module_name: str, global_name: str) -> Any:
        """The class; its module is imported only if it is in the program's folder."""
        if self._is_own(module_name.partition(".")[0]):
            found = super().find_class(module_name, global_name)
            if isinstance(found, type) and issubclass(found, ResourceProvider):
                return found
        raise pickle.UnpicklingError(
            f"{module_name}.{global_name} is not a provider class of this program; "
            "a dynamic provider must be a class in a module of the program's folder, with plain values only"
        )

    def _is_own(self, package: str) -> bool:
        try:
            spec = importlib.util.find_spec(package)
        except (ImportError, ValueError):
            return False
        if spec is None or spec.origin is None:
            return False
        place = Path(spec.origin).resolve()
        inside = place.relative_to(self.program) if place.is_relative_to(self.program) else None
        return inside is not None and inside.parts[0] not in ("venv", ".venv")
