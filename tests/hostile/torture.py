"""Kills and fails `stackgen` at the calls by which it changes files: `python -m tests.hostile.torture --step 1`.

A small library (shim.c, built with the system's C compiler, preloaded) counts those calls below one folder and, at
the n-th, ends the process with SIGKILL before it or lets it fail. Each point runs the real command in a fork of a
process that has everything loaded. Afterwards the program must be the old one or the new one, the user's files what
they were, and the next run must come to the new program and leave nothing else behind.
"""

from __future__ import annotations

import argparse
import ctypes
import errno
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path

from stackgen.catalog.shelf import Shelf
from stackgen.cli.main import main as stackgen
from stackgen.planning.plan import check_stack
from stackgen.program.build import build_program
from stackgen.spec.loading import parse_spec

Tree = dict[str, bytes | str]
SPEC = """\
apiVersion: stackgen/v1
name: torture
components:
  documents: {capability: object_store}
  knowledge: {capability: vector_store, dimensions: %s}
  chat: {capability: chat_model, model: llama-3.1-8b-instruct, settings: {weights: stand-in}}
environments: {dev: {provider: local}}
"""
SMALLER = re.sub(r"  knowledge.*\n", "", SPEC % 1)
GENERATE = ("generate", "stack.yaml", "-e", "dev")
REFUSED = (1, 4)  # the second where the disk is full
ERRORS = {"ENOSPC": errno.ENOSPC, "EIO": errno.EIO, "EACCES": errno.EACCES, "EROFS": errno.EROFS}


@dataclass(frozen=True)
class Scenario:
    """What is there before, what is run, and which folder it is about."""

    name: str
    prepare: Callable[[Path], None]
    command: tuple[str, ...] = GENERATE
    folder: str = "dev"
    exchange: bool = True
    again: tuple[str, ...] = ()  # the next run, where it is another command


@dataclass
class Figures:
    """Points by what came of them, and what was wrong."""

    points: Counter[str] = field(default_factory=Counter[str])
    wrong: list[str] = field(default_factory=list[str])


def _spec(root: Path, text: str) -> None:
    (root / "stack.yaml").write_text(text)


def _generated(root: Path, text: str = SPEC % 384) -> None:
    _spec(root, text)
    assert run(root, GENERATE) == 0


def _first(root: Path) -> None:
    _spec(root, SPEC % 384)


def _update(root: Path) -> None:
    _generated(root)
    _spec(root, SPEC % 512)


def _smaller(root: Path) -> None:
    _generated(root)
    _spec(root, SMALLER)


def _forced(root: Path) -> None:
    _update(root)
    (root / "dev" / "__main__.py").write_text("# mine\n")
    (root / "dev" / "components" / "__init__.py").unlink()


def _with_files(root: Path) -> None:
    _update(root)
    dev = root / "dev"
    (dev / "extensions.py").write_text("# mine\n")
    (dev / "Pulumi.dev.yaml").write_text("config: {}\n")
    (dev / "notes" / "deep").mkdir(parents=True)
    (dev / "notes" / "empty").mkdir()
    for number in range(12):
        (dev / "notes" / "deep" / f"{number}.txt").write_text(str(number))
    (dev / "notes" / "link").symlink_to("deep/1.txt")
    (dev / "venv" / "bin").mkdir(parents=True)
    (dev / "venv" / "bin" / "python").write_text("#!/bin/sh\n")


def _leftovers(root: Path) -> None:
    _update(root)
    shutil.copytree(root / "dev", root / ".dev.stackgen-killed")


SCENARIOS = (
    Scenario("first", _first),
    Scenario("update", _update),
    Scenario("component removed", _smaller),
    Scenario("forced over edits", _forced, (*GENERATE, "--force")),
    Scenario("with the user's files", _with_files),
    Scenario("after a killed run", _leftovers),
    Scenario("without exchange", _with_files, exchange=False),
    Scenario("new", lambda _: None, ("new", "claims"), "stacks/claims", again=("check", "claims")),
)


def run(
    root: Path,
    words: tuple[str, ...],
    arm: tuple[int, int, int, int] = (0, 0, 0, 0),
    said: Path | None = None,
) -> int:
    """The command's exit code in a fork (negative: the signal it died of); arm: what the library is told."""
    child = os.fork()
    if child:
        return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    code = 99
    try:
        output = os.open(said or os.devnull, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        os.dup2(output, 1)
        os.dup2(output, 2)
        os.chdir(root)
        if "LD_PRELOAD" in os.environ:
            _shim().torture_arm(os.fsencode(f"{root}/"), *map(ctypes.c_long, arm[:1]), *arm[1:])
        code = stackgen(words)
        sys.stdout.flush()
        sys.stderr.flush()
        if said is not None:
            said.with_suffix(".count").write_text(str(_shim().torture_count()))
    finally:
        os._exit(code)


def _shim() -> ctypes.CDLL:
    return ctypes.CDLL(os.environ["LD_PRELOAD"])


def tree(folder: Path) -> Tree | None:
    """Everything in a folder; None where there is none."""
    if not folder.exists():
        return None
    found: Tree = {}
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        found[name] = (
            f"-> {path.readlink()}"
            if path.is_symlink()
            else path.read_bytes()
            if path.is_file()
            else "folder"
        )
    return found


class Torture:
    """One scenario, point after point."""

    def __init__(self, scenario: Scenario, scratch: Path, figures: Figures) -> None:
        self.scenario, self.scratch, self.figures = scenario, scratch, figures
        self.base, self.root, self.said = scratch / "base", scratch / "root", scratch / "said"
        self.base.mkdir()
        scenario.prepare(self.base)
        self.without = int(not scenario.exchange)
        self._reset()
        self.old = tree(self.root / scenario.folder)
        self.before = self._beside()
        assert run(self.root, scenario.command, (0, 0, 0, self.without), self.said) == 0, (
            self.said.read_text()
        )
        self.total = int(self.said.with_suffix(".count").read_text())
        self.new = tree(self.root / scenario.folder)
        self.after = self._beside()

    def kill(self, step: int, first: int = 1) -> None:
        """SIGKILL before every `step`-th call."""
        for point in range(first, self.total + 1, step):
            self._reset()
            code = run(self.root, self.scenario.command, (point, 0, 0, self.without))
            found = tree(self.root / self.scenario.folder)
            self._note(f"killed: {self._which(found)}", point)
            if code != -9:
                self._wrong(point, f"not killed: {code}")
            self._converge(point)

    def fail(self, name: str, step: int, first: int = 1, *, sticky: bool = False) -> None:
        """The call fails at every `step`-th point; sticky: and so does whatever needs space later."""
        for point in range(first, self.total + 1, step):
            self._reset()
            arm = (point, ERRORS[name], int(sticky), self.without)
            code = run(self.root, self.scenario.command, arm, self.said)
            text = self.said.read_text()
            found = tree(self.root / self.scenario.folder)
            which = self._which(found)
            self._note(f"{name}: {which}", point)
            if code not in (0, *REFUSED) or "Traceback" in text or "error[internal]" in text:
                self._wrong(point, f"{name}: exit {code}: {text[-300:]}")
            if code in REFUSED and (which not in ("old", "aside") or "error[" not in text):
                self._wrong(point, f"{name}: refused, but {which}: {text[-300:]}")
            if code == 0 and found != self.new:
                self._wrong(point, f"{name}: exit 0, but {which}")
            self._converge(point)

    def _which(self, found: Tree | None) -> str:
        if found == self.old:
            return "old"
        if found == self.new:
            return "new"
        return "aside" if found is None and self.without else "MIXED"

    def _note(self, what: str, point: int) -> None:
        self.figures.points[what] += 1
        if what.endswith("MIXED"):
            self._wrong(point, what)

    def _converge(self, point: int) -> None:
        words = (
            self.scenario.again if self.scenario.again and (self.root / self.scenario.folder).exists() else ()
        )
        code = run(self.root, words or self.scenario.command, said=self.said)
        if code or tree(self.root / self.scenario.folder) != self.new:
            self._wrong(point, f"the next run does not converge: exit {code}: {self.said.read_text()[-300:]}")
        strangers = self._beside() - self.after
        if strangers and not self.scenario.again:
            self._wrong(point, f"left behind: {strangers}")

    def _wrong(self, point: int, what: str) -> None:
        self.figures.wrong.append(f"{self.scenario.name}, point {point} of {self.total}: {what}")

    def _reset(self) -> None:
        shutil.rmtree(self.root, ignore_errors=True)
        shutil.copytree(self.base, self.root, symlinks=True)

    def _beside(self) -> set[str]:
        return {
            path.relative_to(self.root).as_posix()
            for path in (self.root / self.scenario.folder).parent.glob("*")
        }


def concurrent(scratch: Path, rounds: int, figures: Figures, runs: int = 16) -> None:
    """Many runs at once of two specs into one folder: in the end it is one of both, and nothing is left beside it."""
    texts = (SPEC % 1, SMALLER)
    wanted: list[Tree | None] = []
    for number, text in enumerate(texts):
        for place in (scratch / f"spec-{number}", scratch / f"alone-{number}"):
            place.mkdir()
            _spec(place, text)
        assert run(scratch / f"alone-{number}", (*GENERATE, "-o", "out")) == 0
        wanted.append(tree(scratch / f"alone-{number}" / "out"))
    target = scratch / "shared" / "out"
    for _ in range(rounds):
        children = []
        for number in range(runs):
            child = os.fork()
            if not child:
                os._exit(run(scratch / f"spec-{number % 2}", (*GENERATE, "-o", str(target))) & 0xFF)
            children.append(child)
        codes = [os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children]
        figures.points["runs at once"] += runs
        if any(codes):
            figures.wrong.append(f"at once: exit codes {codes}")
        if tree(target) not in wanted or [path.name for path in target.parent.iterdir()] != ["out"]:
            figures.wrong.append(f"at once: mixed, or left behind: {os.listdir(target.parent)}")  # noqa: PTH208


def build_shim(folder: Path) -> Path | None:
    """The library; None where there is no C compiler."""
    compiler, made = shutil.which("cc"), folder / "shim.so"
    if compiler is None or not sys.platform.startswith("linux"):
        return None
    source = Path(__file__).with_name("shim.c")
    subprocess.run([compiler, "-shared", "-fPIC", "-O1", "-o", str(made), str(source), "-ldl"], check=True)
    return made


def torture(step: int, rounds: int) -> Figures:
    """All scenarios; step: of the points every so many, a different share of each."""
    figures = Figures()
    _load()
    with tempfile.TemporaryDirectory(prefix="stackgen-torture-") as scratch:
        for number, scenario in enumerate(SCENARIOS):
            place = Path(scratch).resolve() / str(number)
            place.mkdir()
            under = Torture(scenario, place, figures)
            under.kill(step, 1 + number % step)
            for offset, name in enumerate(ERRORS):
                under.fail(name, step * 2, 1 + (number + offset * 3) % step)
            under.fail("ENOSPC", step * 2, 1 + number % step, sticky=True)
            print(f"{scenario.name}: {under.total} calls", file=sys.stderr, flush=True)
        (Path(scratch) / "at-once").mkdir()
        concurrent(Path(scratch).resolve() / "at-once", rounds, figures)
    return figures


def _load() -> None:
    """Everything that the command loads late, so that a fork has it already."""
    for name in ("check", "generate", "new"):
        import_module(f"stackgen.cli.{name}")
    for made in check_stack(parse_spec((SPEC % 1).encode(), Path("/nowhere/stack.yaml")), Shelf()).values():
        build_program(made)


def _again_with_shim() -> Iterator[int]:
    """Start this once more with the library loaded; its exit code."""
    with tempfile.TemporaryDirectory() as folder:
        made = build_shim(Path(folder))
        if made is None:
            print("needs Linux and a C compiler", file=sys.stderr)
            yield 2
            return
        variables = {**os.environ, "LD_PRELOAD": str(made), "PYTHONDONTWRITEBYTECODE": "1"}
        command = [sys.executable, "-m", "tests.hostile.torture", *sys.argv[1:]]
        yield subprocess.run(command, env=variables, check=False).returncode


def main() -> int:
    """Figures as JSON on the last line; 1 if anything was wrong."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--step", type=int, default=1)
    parser.add_argument("--rounds", type=int, default=20)
    arguments = parser.parse_args()
    if "LD_PRELOAD" not in os.environ:
        return next(_again_with_shim())
    figures = torture(arguments.step, arguments.rounds)
    for line in figures.wrong[:50]:
        print(f"WRONG {line}")
    killed = sum(count for name, count in figures.points.items() if name.startswith("killed"))
    print(json.dumps({**figures.points, "killed": killed, "wrong": len(figures.wrong)}))
    return 1 if figures.wrong else 0


if __name__ == "__main__":
    sys.exit(main())
