"""The program that an update was reviewed with: what the engine runs is on disk, where others may write meanwhile."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from stackgen import checkout
from stackgen.engine import projects
from stackgen.engine.host.pulumi_guard.sources import REVIEWED
from stackgen.errors import ExitCode, Problem, StackgenError
from stackgen.rendering.program import Program
from stackgen.rendering.writing import compare

Stamps = dict[str, tuple[int, ...]]


class ReviewedProgram:
    """A program as it is on disk now, with what the user has beside it.

    Raises StackgenError(program-changed) where that is not the program already.
    """

    def __init__(self, program: Program, again: str) -> None:
        self._folder = program.folder
        self._again = again
        self._seen = _stamps(program.folder)
        self._modules = _digests(program.folder)
        if compare(program):
            raise self._changed("nothing was done")

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Let the engines that are started meanwhile run these modules, byte for byte, and no others.

        Pulumi's own language host, in a `pulumi` that the user has installed, does not compare them.
        """
        os.environ[REVIEWED] = str(projects.reviewed(self._modules))
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


def _own(program: Path, root: str, folders: list[str]) -> list[str]:
    """Without Python's own, and the environment of a plain `pulumi` beside the program."""
    others = {"__pycache__", "venv"} if Path(root) == program else {"__pycache__"}
    return [name for name in folders if name not in others]


def _digests(folder: Path) -> dict[str, str]:
    """Real path of each module → SHA-256 of its source."""
    found: dict[str, str] = {}
    known: set[str] = set()
    for root, folders, names in os.walk(folder, followlinks=True):
        real = os.path.realpath(root)
        folders[:] = [name for name in _own(folder, root, folders) if real not in known]
        known.add(real)
        for path in (Path(root, name) for name in names if name.endswith(".py")):
            with suppress(OSError, StackgenError):  # it went this moment, or leads out of the checkout
                found[os.path.realpath(path)] = hashlib.sha256(checkout.read(path)).hexdigest()
    return found


def _stamps(folder: Path) -> Stamps:
    """Relative path → what changes with each write. Without settings, which the engine writes too."""
    found: Stamps = {}
    for root, folders, names in os.walk(folder):
        folders[:] = _own(folder, root, folders)
        for path in (Path(root, name) for name in names):
            if path.name == "Pulumi.yaml" or not path.name.startswith("Pulumi."):
                with suppress(FileNotFoundError):  # it went this moment
                    status = path.lstat()
                    found[str(path)] = (status.st_mtime_ns, status.st_ctime_ns, status.st_size, status.st_ino)
    return found
