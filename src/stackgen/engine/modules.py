"""The modules of a program, read once: the engine runs them from memory, whatever is written to disk meanwhile."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from stackgen import checkout
from stackgen.engine import projects
from stackgen.engine.host.pulumi_guard.sources import REVIEWED
from stackgen.errors import StackgenError

MAX_MODULE_BYTES = 64 * 1024**2  # bytes of a module
REVIEWED_PREFIX = "reviewed-"  # of what an update has in the cache while it lasts
_MAX_AGE_SECONDS = 24 * 3600  # seconds after which no update still starts anything


@dataclass(frozen=True)
class Tree:
    """links: path of each link to a folder that is there by another path too → that path, below the program both."""

    files: tuple[Path, ...]
    links: Mapping[str, str]


def list_files(program: Path, home: Path) -> Tree:
    """Files of a program: without Python's own, and the environment of a plain `pulumi`.

    Links to folders are followed inside the checkout that `home` is in: one that leads out may lead to everything.
    What is reached by several is there once.
    """
    whole = os.path.realpath(program)
    spelled: dict[str, str] = {whole: "."}  # real path → path below the program
    links: dict[str, str] = {}  # path below the program → real path
    files: list[Path] = []
    for root, folders, names in os.walk(program, followlinks=True):
        files += [Path(root, name) for name in names]
        left_out = {"__pycache__", "venv"} if Path(root) == program else {"__pycache__"}
        kept: list[str] = []
        for name in sorted({*folders} - left_out):
            folder = Path(root, name)
            real, below = os.path.realpath(folder), folder.relative_to(program).as_posix()
            if folder.is_symlink() and not _is_inside(folder, home):
                continue
            if folder.is_symlink() and (real in spelled or Path(real).is_relative_to(whole)):
                links[below] = real
                continue
            spelled.setdefault(real, below)
            kept.append(name)
        folders[:] = kept
    return Tree(tuple(files), {path: spelled[real] for path, real in links.items() if real in spelled})


def read_reviewed_modules(program: Path, home: Path) -> dict[str, Any]:
    """Read the modules for `pulumi_guard.sources`. home: the program's folder in the checkout, now or later."""
    found = list_files(program, home)
    sources: dict[str, str] = {}
    for path in found.files:
        if path.suffix == ".py":
            with suppress(
                OSError, StackgenError
            ):  # it went this moment, or is no file, or a link that leads out
                source = checkout.read_file(path, within=_within(path, program, home), most=MAX_MODULE_BYTES)
                sources[path.relative_to(program).as_posix()] = source.decode("latin-1")
    return {"sources": sources, "links": dict(found.links)}


@contextmanager
def run_from_memory(modules: Mapping[str, Any]) -> Iterator[None]:
    """Let the engines that are started meanwhile run these modules, and no others of the program.

    Pulumi's own language host, in a `pulumi` that the user has installed, runs what is on disk.
    """
    _forget_old()
    home = projects.projects_home()
    with tempfile.NamedTemporaryFile(
        "w", encoding="utf-8", dir=home, prefix=REVIEWED_PREFIX
    ) as file:  # mode 0600
        json.dump(modules, file)
        file.flush()
        os.environ[REVIEWED] = file.name
        try:
            yield
        finally:
            os.environ.pop(REVIEWED, None)


def _within(path: Path, program: Path, home: Path) -> Path:
    """A staged program stands elsewhere than what is linked from there."""
    real = Path(os.path.realpath(path))
    return program if real.is_relative_to(os.path.realpath(program)) else home


def _is_inside(folder: Path, home: Path) -> bool:
    try:
        checkout.require_inside(folder, home)
    except (OSError, StackgenError):
        return False
    return True


def _forget_old() -> None:
    """Remove what a command that was killed has left behind."""
    for item in projects.projects_home().glob(f"{REVIEWED_PREFIX}*"):
        with suppress(OSError):
            if time.time() - item.stat().st_mtime > _MAX_AGE_SECONDS:
                shutil.rmtree(item) if item.is_dir() else item.unlink()
