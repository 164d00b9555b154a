"""The program that an update was reviewed with: what the engine runs is on disk, where others may write meanwhile."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

from stackgen import checkout
from stackgen.disk.writing import compare_folder
from stackgen.engine import projects
from stackgen.engine.deployment import Deployment
from stackgen.engine.modules import REVIEWED_PREFIX, list_files, read_reviewed_modules, run_from_memory
from stackgen.errors import ExitCode, Problem, StackgenError
from stackgen.program.build import Program

Stamps = dict[str, tuple[int, ...] | str]


class ReviewedProgram:
    """A program as it is on disk now, with what the user has beside it. settings: see `projects.read_settings`.

    Raises StackgenError(program-changed) where that is not the program already, and StackgenError for settings that
    the engine is not to take.
    """

    def __init__(self, program: Program, again: str) -> None:
        self._folder = program.folder
        self._again = again
        self._seen = _stamps(program.folder)
        self.settings = projects.read_settings(program.folder)
        self._modules = read_reviewed_modules(program.folder, program.folder)
        if compare_folder(program):
            raise self._changed("nothing was done")
        projects.refuse_other_settings(program.folder, program.folder)

    @contextmanager
    def pin_modules(self, deployment: Deployment) -> Iterator[None]:
        """Let its engine run these modules with these settings of Pulumi's, whatever is written to disk.

        Raises StackgenError(program-changed) where it is another program by now.
        """
        with (
            run_from_memory(self._modules),
            tempfile.TemporaryDirectory(dir=projects.projects_home(), prefix=REVIEWED_PREFIX) as copy,
        ):
            for file in projects.settings_files(self._folder):
                (Path(copy) / file.name).write_bytes(checkout.read_file(file))
            self._refuse_others(Path(copy))
            self.refuse_changed("nothing was done")  # requirements have been read since it was looked at
            deployment.settings = Path(copy)
            try:
                yield
            except StackgenError as error:
                if _stamps(self._folder) != self._seen:
                    raise self._changed("the update stopped") from error
                raise
            finally:
                deployment.settings = None

    def _refuse_others(self, settings: Path) -> None:
        """What the engine reads is judged, and not only what was there when it was looked at."""
        try:
            projects.refuse_other_settings(settings, self._folder)
            same = _by_name(projects.read_settings(settings)) == _by_name(self.settings)
        except StackgenError as error:
            raise self._changed("nothing was done") from error
        if not same:
            raise self._changed("nothing was done")

    def refuse_changed(self, done: str) -> None:
        """Raise StackgenError(program-changed) where a file has changed since. done: what was done, for people."""
        if _stamps(self._folder) != self._seen:
            raise self._changed(done)

    def _changed(self, done: str) -> StackgenError:
        message = (
            f"{self._folder} was written to while it was deployed, by another command or by hand; {done}"
        )
        return StackgenError(Problem("program-changed", message, next=self._again), ExitCode.DEPLOYMENT)


def _by_name(settings: Mapping[str, str]) -> dict[str, str]:
    return {Path(path).name: content for path, content in settings.items()}


def _stamps(program: Path) -> Stamps:
    """Path → what changes with each write."""
    there = list_files(program, program)
    found: Stamps = dict(there.links)
    for path in there.files:
        with suppress(OSError):  # it went this moment, or is a link to nothing
            status = path.stat()
            settings = path.name.startswith("Pulumi.") and path.name != "Pulumi.yaml"
            if not settings:  # the engine writes these too
                found[str(path)] = (status.st_mtime_ns, status.st_ctime_ns, status.st_size, status.st_ino)
    return {**found, **projects.read_settings(program)}
