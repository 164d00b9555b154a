"""Recognises a program that generating again would not change, without planning or rendering.

After each run a note is kept in the cache: of everything the program was made from, and of every file of it.
While all of that is as it was, a second run has nothing to do. Standard library only, and little of it.
"""

from __future__ import annotations

import hashlib
import os
import stat
import sys
import time

from stackgen.checkout import MAX_FILE_BYTES, read_file
from stackgen.homes import cache_folder, make_private
from stackgen.spec.candidates import spec_candidates

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from stackgen.planning.model import Plan
    from stackgen.program.build import Program

PACKAGE = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))  # noqa: PTH100, PTH120
CONFIGURATION = ("stackgen.toml", "pyproject.toml")
SETTLED_AGE_NS = (
    2_000_000_000  # ns; a file younger than this could change again within its time stamps' resolution
)
MAX_NOTES = 256  # notes kept
FACT_LINES = 4
LAST_LINE = "end"  # the last line of a note: one that was cut off has another


class Request:
    """Request of a user to generate a program. spec: the file it means, or None. Its note is in the cache."""

    def __init__(self, stack: str, environment: str | None, output: str | None) -> None:
        self.spec = next((path for path in spec_candidates(stack, os.getcwd()) if os.path.isfile(path)), None)  # noqa: PTH109, PTH113
        where = os.path.abspath(output) if output else ""  # noqa: PTH100
        key = "\0".join((os.path.abspath(self.spec or ""), environment or "", where))  # noqa: PTH100
        self.folder = f"{cache_folder()}/generated"
        self.note = f"{self.folder}/{_sha256(os.fsencode(key))}"


class Unchanged:
    """A program that needs no writing."""

    def __init__(self, folder: str, stack: str, environment: str) -> None:
        self.folder = folder
        self.stack = stack
        self.environment = environment


def find_unchanged(request: Request) -> Unchanged | None:
    """The program, if a run would find nothing to do; None if it has to be looked at properly."""
    try:
        lines = _read(request.note).decode("utf-8", "surrogateescape").split("\n")
        if request.spec is None or not make_private(request.folder):
            return None
        folder, stack, environment = lines[:3]
        if lines.pop() != LAST_LINE:
            return None
        facts = _facts(request.spec)  # the cheapest check comes first
        if next(facts) != lines[3] or not _as_noted(request.spec, folder, lines[3 + FACT_LINES :]):
            return None
        if list(facts) != lines[4 : 3 + FACT_LINES]:
            return None
        if _left_behind(folder):
            return None  # a run that was killed left something to clear away
    except (OSError, ValueError):
        return None
    return Unchanged(folder, stack, environment)


def record_inputs(request: Request, plan: Plan, program: Program) -> None:
    """Note what `program` was made from and consists of; it is on disk as it is here."""
    if request.spec is None or not make_private(request.folder):
        return
    parts = (str(program.folder), plan.stack.name, plan.environment)
    entries = [f"source {path}\t{value}" for value, path in sorted(set(_sources(plan)))]
    entries += [f"file {_sha256(data)}\t{path}" for path, data in program.files.items()]
    entries += [f"once \t{path}" for path in program.once]
    try:
        facts = list(_facts(request.spec, settled=True))
        lines = (*parts, *facts, *entries, LAST_LINE)
        if f"spec {plan.spec_digest}" != facts[0] or any("\n" in line for line in lines):
            return  # the spec has changed meanwhile, or a path is ambiguous in the note
        _prune(request.folder)
        new = f"{request.note}.{os.getpid()}"
        with open(new, "wb") as file:  # noqa: PTH123
            file.write("\n".join(lines).encode("utf-8", "surrogateescape"))
        os.replace(new, request.note)  # noqa: PTH105
    except OSError:
        return


def _left_behind(folder: str) -> bool:
    parent, name = os.path.split(folder)
    return any(other.startswith(f".{name}.stackgen-") for other in os.listdir(parent))  # noqa: PTH208


def _sources(plan: Plan) -> Iterator[tuple[str, str]]:
    for item in plan.all_components:
        for option, path in item.sources.items():
            yield str(getattr(item.options, option)), str(path)


def _facts(spec: str, *, settled: bool = False) -> Iterator[str]:
    """What a program is made from: the spec, configuration, generator and catalog, and the day (models retire).

    settled: raise OSError if the generator's own files are too young to be known by their time stamps.
    """
    yield f"spec {_sha256(read_file(spec))}"
    yield f"day {time.strftime('%Y-%m-%d', time.gmtime())}"
    place = os.path.dirname(os.path.abspath(spec))  # noqa: PTH100, PTH120
    yield f"configuration {_configuration(place)} {_configuration(os.path.realpath(place))}"
    yield f"generator {_generator(settled=settled)}"


def _configuration(folder: str) -> str:
    found: list[str] = []
    while True:
        for name in CONFIGURATION:
            path = os.path.join(folder, name)  # noqa: PTH118
            if os.path.isfile(path):  # noqa: PTH113
                found.append(f"{path}\0{_sha256(read_file(path))}")
        if os.path.exists(os.path.join(folder, ".git")):  # noqa: PTH110, PTH118 - sources stay inside of it
            found.append(f"{folder}\0.git")
        if os.path.dirname(folder) == folder:  # noqa: PTH120
            return _sha256(os.fsencode("\0".join(found)))
        folder = os.path.dirname(folder)  # noqa: PTH120


def _generator(*, settled: bool) -> str:
    """Everything that can change what the generator does: this package's files, and what is installed beside it."""
    facts = [sys.version, *sys.path]
    for place in sys.path:
        try:
            facts.append(str(os.stat(place).st_mtime_ns))  # noqa: PTH116
        except OSError:
            continue
    files, youngest = _files(PACKAGE)
    if settled and youngest > time.time_ns() - SETTLED_AGE_NS:
        raise OSError("too young")
    return _sha256(os.fsencode("\0".join((*facts, *files))))


def _files(package: str) -> tuple[list[str], int]:
    """Every file with what changes when it does, sorted, and when the youngest of them last did."""
    found: list[str] = []
    folders, youngest = [package], 0
    for folder in folders:  # grows on the way
        with os.scandir(folder) as entries:
            for entry in entries:
                if not entry.is_dir():
                    at = entry.stat()
                    found.append(f"{entry.path} {at.st_size} {at.st_mtime_ns} {at.st_ctime_ns} {at.st_ino}")
                    youngest = max(youngest, at.st_ctime_ns)
                elif entry.name != "__pycache__":
                    folders.append(entry.path)
    return sorted(found), youngest


def _as_noted(spec: str, folder: str, entries: Iterable[str]) -> bool:
    base, folders = os.path.dirname(spec), {folder}  # noqa: PTH120
    for entry in entries:
        kind, _, rest = entry.partition(" ")
        value, _, path = rest.partition("\t")
        place = os.path.join(base if kind == "source" else folder, path)  # noqa: PTH118
        if kind == "source":
            if os.path.realpath(place) != value or not os.path.isdir(place):  # noqa: PTH112
                return False
        elif kind == "once":
            if not os.path.exists(place):  # noqa: PTH110
                return False
        else:
            folders |= _above(path, folder)
            if not stat.S_ISREG(os.lstat(place).st_mode) or _sha256(_read(place)) != value:
                return False
    return not any(os.path.islink(path) for path in folders)  # noqa: PTH114


def _above(path: str, folder: str) -> set[str]:
    parts = path.split("/")[:-1]
    return {os.path.join(folder, *parts[: length + 1]) for length in range(len(parts))}  # noqa: PTH118


def _prune(folder: str) -> None:
    names = os.listdir(folder)  # noqa: PTH208
    if len(names) > MAX_NOTES:
        for name in names:
            os.unlink(os.path.join(folder, name))  # noqa: PTH108, PTH118


def _read(path: str) -> bytes:
    with open(path, "rb") as file:  # noqa: PTH123
        return file.read(MAX_FILE_BYTES + 1)  # a longer file is not one that was written


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
