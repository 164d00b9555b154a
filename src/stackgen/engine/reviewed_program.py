"""The program that an update was reviewed with: what the engine runs is on disk, where others may write meanwhile."""

from __future__ import annotations

import json
import os
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from stackgen import checkout
from stackgen.engine import projects
from stackgen.engine.host.pulumi_guard.sources import REVIEWED
from stackgen.errors import ExitCode, Problem, StackgenError
from stackgen.rendering.program import Program
from stackgen.rendering.writing import compare

Stamps = dict[str, tuple[int, ...] | str]
LARGEST = 64 * 1024**2  # bytes of a module
_PREFIX = "reviewed-"
_OLD = 24 * 3600  # seconds after which no update still starts anything


class ReviewedProgram:
    """A program as it is on disk now, with what the user has beside it.

    Raises StackgenError(program-changed) where that is not the program already.
    """

    def __init__(self, program: Program, again: str) -> None:
        self._folder = program.folder
        self._again = again
        self._seen = _stamps(program.folder)
        self._modules = _sources(program.folder)
        if compare(program):
            raise self._changed("nothing was done")

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Let the engines that are started meanwhile run these modules as they are now, whatever is written to disk.

        Pulumi's own language host, in a `pulumi` that the user has installed, runs what is on disk.
        """
        _forget_old()
        home = projects.home()
        with tempfile.NamedTemporaryFile(
            "w", encoding="utf-8", dir=home, prefix=_PREFIX
        ) as file:  # mode 0600
            json.dump(self._modules, file)
            file.flush()
            os.environ[REVIEWED] = file.name
            try:
                yield
            except StackgenError as error:
                if _stamps(self._folder) != self._seen:
                    raise self._changed("the update stopped") from error
                raise
            finally:
                os.environ.pop(REVIEWED, None)

    def refuse_changed(self, done: str) -> None:
        """Raise StackgenError(program-changed) where a file has changed since. done: what was done, for people."""
        if _stamps(self._folder) != self._seen:
            raise self._changed(done)

    def _changed(self, done: str) -> StackgenError:
        message = (
            f"{self._folder} was written to while it was deployed, by another command or by hand; {done}"
        )
        return StackgenError(Problem("program-changed", message, next=self._again), ExitCode.DEPLOYMENT)


def _forget_old() -> None:
    """Remove what a command that was killed has left behind."""
    for file in projects.home().glob(f"{_PREFIX}*"):
        with suppress(OSError):
            if time.time() - file.stat().st_mtime > _OLD:
                file.unlink()


def _files(program: Path) -> Iterator[Path]:
    """Files of a program: without Python's own, and the environment of a plain `pulumi`.

    Links to folders are followed inside the checkout: one that leads out may lead to everything.
    """
    known: set[str] = set()
    for root, folders, names in os.walk(program, followlinks=True):
        real = os.path.realpath(root)
        others = {"__pycache__", "venv"} if Path(root) == program else {"__pycache__"}
        kept = [name for name in folders if name not in others and real not in known]
        folders[:] = [name for name in kept if _is_inside(Path(root, name))]
        known.add(real)
        yield from (Path(root, name) for name in names)


def _is_inside(folder: Path) -> bool:
    if not folder.is_symlink():
        return True
    try:
        checkout.require_inside(folder)
    except (OSError, StackgenError):
        return False
    return True


def _sources(program: Path) -> dict[str, str]:
    """Path of each module below the program → its source, a character per byte."""
    found: dict[str, str] = {}
    for path in _files(program):
        if path.suffix == ".py":
            with suppress(
                OSError, StackgenError
            ):  # it went this moment, is no file, or a link that leads out
                source = checkout.read(path, within=program, most=LARGEST)
                found[path.relative_to(program).as_posix()] = source.decode("latin-1")
    return found


def _stamps(program: Path) -> Stamps:
    """Path → what changes with each write."""
    found: Stamps = {}
    for path in _files(program):
        with suppress(OSError):  # it went this moment, or is a link to nothing
            status = path.stat()
            settings = path.name.startswith("Pulumi.") and path.name != "Pulumi.yaml"
            if not settings:  # the engine writes these too
                found[str(path)] = (status.st_mtime_ns, status.st_ctime_ns, status.st_size, status.st_ino)
    return {**found, **projects.settings(program)}
