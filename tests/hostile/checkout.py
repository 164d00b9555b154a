"""A stranger's checkout: every file of it that could run as the operator leaves a line where the test looks."""

from __future__ import annotations

import hashlib
import importlib.util
import json
import marshal
from pathlib import Path

SPEC = """\
apiVersion: stackgen/v1
name: visited
components:
  task: {capability: job, source: code, command: ["true"]}
environments:
  dev: {provider: local}
"""
TELL = """\
import json, os
with open({file!r}, "a") as stream:
    stream.write(json.dumps({{"what": {what!r}, "euid": os.geteuid(), "variables": dict(os.environ)}}) + "\\n")
"""
BACKEND = """\
def build_wheel(*_): raise SystemExit("built")
def build_sdist(*_): raise SystemExit("built")
def build_editable(*_): raise SystemExit("built")
"""
PROJECT = """\
[build-system]
requires = []
build-backend = "backend"
backend-path = ["."]
"""


class Marks:
    """What ran, as the code itself tells."""

    def __init__(self, file: Path) -> None:
        self.file = file
        file.touch()
        file.chmod(0o666)

    def tell(self, what: str) -> str:
        """Python source that leaves a line."""
        return TELL.format(file=str(self.file), what=what)

    def read(self) -> list[dict[str, object]]:
        """Everything that ran: what, as whom, with which variables."""
        return [json.loads(line) for line in self.file.read_text().splitlines()]

    def names(self) -> set[str]:
        """What ran, each once."""
        return {str(line["what"]) for line in self.read()}


def source_distribution(folder: Path, marks: Marks, what: str) -> str:
    """A requirement whose build leaves a line; building needs nothing else."""
    folder.mkdir()
    (folder / "pyproject.toml").write_text(PROJECT)
    (folder / "backend.py").write_text(marks.tell(what) + BACKEND)
    return f"evilpkg @ file://{folder}"


def write_spec(folder: Path) -> None:
    """A stack whose job needs nothing."""
    (folder / "stack.yaml").write_text(SPEC)
    (folder / "code").mkdir(exist_ok=True)
    (folder / "code" / "requirements.txt").touch()


def commit_environment(program: Path, marks: Marks) -> None:
    """A virtual environment as a stranger might commit it, with the stamp that says it fits."""
    python = program / "venv" / "bin" / "python"
    python.parent.mkdir(parents=True, exist_ok=True)
    python.unlink(missing_ok=True)
    python.write_text(f'#!/bin/sh\necho \'{{"what": "venv"}}\' >> {marks.file}\nexit 1\n')
    python.chmod(0o755)
    digest = hashlib.sha256((program / "requirements.txt").read_bytes()).hexdigest()
    (program / "venv" / "requirements.sha256").write_text(digest)


def extend(program: Path, marks: Marks) -> None:
    """The user's own file, which leaves a line when the program runs."""
    file = program / "extensions.py"
    file.write_text(file.read_text() + marks.tell("extensions"))


def change(program: Path, marks: Marks) -> None:
    """Everything that stackgen wrote, so that whatever runs it leaves a line."""
    evil = source_distribution(program.parent / "evilpkg", marks, "requirements")
    (program / "requirements.txt").write_text(f"{evil}\n")
    for path in ("__main__.py", "local_provider/__init__.py", "local_provider/process.py"):
        (program / path).write_text(marks.tell(path) + (program / path).read_text())
    plugin = program / "plugin" / "pulumi-resource-random"
    plugin.parent.mkdir()
    plugin.write_text(f'#!/bin/sh\necho \'{{"what": "plugin"}}\' >> {marks.file}\nexit 1\n')
    plugin.chmod(0o755)
    plugins = "plugins: {providers: [{name: random, path: ./plugin}]}\n"
    (program / "Pulumi.yaml").write_text((program / "Pulumi.yaml").read_text() + plugins)
    for name in ("pulumi", "json"):
        (program / f"{name}.py").write_text(marks.tell(f"{name}.py"))


def add_modules(program: Path, marks: Marks) -> list[str]:
    """Modules beside the program: helpers of the user's own file, and some that are called like other modules."""
    helpers = [f"helper_{number:02}" for number in range(12)]
    others = ["uv", "pulumi", "grpc", "yaml", "secrets", "colorsys"]
    for name in (*helpers, *others):
        (program / f"{name}.py").write_text(marks.tell(name))
    below = program / "parts" / "venv"
    below.mkdir(parents=True)
    (below / "more.py").write_text(marks.tell("more"))
    file = program / "extensions.py"
    file.write_text(f"import {', '.join((*helpers, *others))}, parts.venv.more\n" + file.read_text())
    return [*(f"{name}.py" for name in (*helpers, *others)), "parts/venv/more.py", "extensions.py"]


def commit_bytecode(program: Path, marks: Marks) -> None:
    """Bytecode beside every module that asks Python not to compare it with the source, and leaves a line."""
    for source in program.rglob("*.py"):
        text = marks.tell(f"bytecode of {source.relative_to(program)}") + source.read_text()
        code = compile(text.replace("from __future__ import annotations\n", ""), str(source), "exec")
        place = Path(importlib.util.cache_from_source(str(source)))
        place.parent.mkdir(exist_ok=True)
        header = importlib.util.MAGIC_NUMBER + (1).to_bytes(4, "little") + bytes(8)  # PEP 552: unchecked
        place.write_bytes(header + marshal.dumps(code))
