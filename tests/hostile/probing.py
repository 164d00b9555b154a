"""Takes one spec through everything that is done in memory, and says what must never happen."""

from __future__ import annotations

import ast
import re
import sys
import time
from functools import cache
from pathlib import Path, PurePosixPath

import yaml

from stackgen.catalog.shelf import Shelf
from stackgen.descriptors.model import Capability
from stackgen.errors import StackgenError
from stackgen.planning.plan import check_stack
from stackgen.printable import printable
from stackgen.program import build as programs
from stackgen.program import modules
from stackgen.program.build import Program, build_program
from stackgen.spec.loading import parse_spec


class QuickShelf(Shelf):
    """The built-in shelf, each descriptor looked up once."""

    def __init__(self) -> None:
        super().__init__()
        self._known: dict[str, Capability] = {}

    def capability(self, name: str) -> Capability:
        """As the shelf has it."""
        if name not in self._known:
            self._known[name] = super().capability(name)
        return self._known[name]


def read_copies_once() -> None:
    """What is copied off the shelf byte for byte need not be read again for every spec of this process."""
    for module, name in ((modules, "read_module_files"), (programs, "_entry")):
        real = getattr(module, name)
        if not hasattr(real, "cache_info"):
            setattr(module, name, cache(lambda item, real=real: tuple(real(item))))


OBEYED = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
LONGEST = 10.0  # seconds of processor time: an endless loop or a blow-up, not a slow machine
WITHOUT_PLACE = {"more"}
_WRITES = (
    "os.mkdir",
    "os.rename",
    "os.remove",
    "os.link",
    "os.symlink",
    "os.truncate",
    "os.chmod",
    "shutil.",
    "socket.",
)
_RUNS = ("subprocess.", "os.system", "os.exec", "os.posix_spawn", "os.spawn", "pty.")


class Violation(AssertionError):
    """Something that must never happen."""


class Watch:
    """Notes every write, process and connection while it is on. There is one: audit hooks stay for good."""

    def __init__(self) -> None:
        self.on = False
        self.seen: list[str] = []
        sys.addaudithook(self._hook)

    def _hook(self, event: str, arguments: tuple[object, ...]) -> None:
        if not self.on:
            return
        if event == "open":
            mode, flags = arguments[1], arguments[2]
            writes = (
                any(letter in mode for letter in "wax+")
                if isinstance(mode, str)
                else bool(int(str(flags)) & 3)
            )
            if writes:
                self.seen.append(f"{event} {arguments[0]} {mode}")
        elif event.startswith((*_WRITES, *_RUNS)):
            self.seen.append(f"{event} {arguments[:2]}")


def probe(data: bytes, path: Path, shelf: Shelf, watch: Watch | None = None) -> list[Program]:
    """Every environment's program; [] for a spec that is refused. Raises Violation."""
    start = time.process_time()
    if watch is not None:
        watch.on, watch.seen = True, []
    try:
        found = _probe(data, path, shelf)
    finally:
        if watch is not None:
            watch.on = False
    spent = time.process_time() - start
    if spent > LONGEST:
        raise Violation(f"{spent:.2f} s of processor time")
    if watch is not None and watch.seen:
        raise Violation(f"touched the system: {watch.seen[:3]}")
    return found


def _probe(data: bytes, path: Path, shelf: Shelf) -> list[Program]:
    try:
        plans = check_stack(parse_spec(data, path), shelf)
    except StackgenError as error:
        _refusal(error, data)
        return []
    except Exception as error:
        raise Violation(f"{type(error).__name__}: {error}") from error
    try:
        built = [build_program(plan) for plan in plans.values()]
    except Exception as error:
        raise Violation(f"build: {type(error).__name__}: {error}") from error
    for program in built:
        _program(program)
    return built


def _refusal(error: StackgenError, data: bytes) -> None:
    if not error.problems:
        raise Violation("refused without a reason")
    lines = data.count(b"\n") + data.count(b"\r") + 1
    for problem in error.problems:
        if problem.position is None and problem.code not in WITHOUT_PLACE:
            raise Violation(f"no position: {problem.code}: {problem.message}")
        if problem.position is not None and not 1 <= problem.position.line <= lines + 1:
            raise Violation(f"a position outside of the file: {problem.position}")
    text = printable(error.render())
    if OBEYED.search(text):
        raise Violation(f"prints what a terminal obeys: {text!r}")
    if len(text) > 1_000_000:
        raise Violation(f"says {len(text)} characters")


def _program(program: Program) -> None:
    for name in (*program.files, *program.once):
        pure = PurePosixPath(name)
        if pure.is_absolute() or any(part in ("", ".", "..") for part in name.split("/")) or "\0" in name:
            raise Violation(f"a file outside of the program: {name!r}")
    try:
        ast.parse(program.files["__main__.py"])
        yaml.load(program.files["Pulumi.yaml"], Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))  # noqa: S506
    except (SyntaxError, ValueError, yaml.YAMLError) as error:
        raise Violation(f"a broken program: {error}") from error
