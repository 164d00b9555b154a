"""What a generated program did when it ran under mocks, and how a test gets that."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path

from tests.clouds.shapes import JSON

ROOT = Path(__file__).parents[2]
TIMEOUT = 300


@dataclass(frozen=True)
class Resource:
    """One resource that was registered.

    `inputs` are plain camelCase values; `secrets` the paths of those that are secret; `ignores` those whose
    changes count for nothing (`ignore_changes`). `provider` is the
    logical name of its explicit provider, or "" for a default one; `parent` and `dependencies` are URNs.
    """

    type: str
    name: str
    urn: str
    inputs: dict[str, JSON]
    secrets: list[str]
    provider: str
    parent: str
    dependencies: list[str]
    property_dependencies: dict[str, list[str]]
    custom: bool
    protect: bool
    ignores: list[str]


@dataclass(frozen=True)
class Call:
    """One call of a data source."""

    token: str
    arguments: dict[str, JSON]
    provider: str


@dataclass
class Recording:
    """Everything that one run did; `error` is the program's traceback, "" when it ran to its end."""

    resources: list[Resource] = field(default_factory=list[Resource])
    calls: list[Call] = field(default_factory=list[Call])
    outputs: dict[str, JSON] = field(default_factory=dict[str, JSON])
    secret_outputs: list[str] = field(default_factory=list[str])
    violations: list[str] = field(default_factory=list[str])
    warnings: list[str] = field(default_factory=list[str])
    modules: list[str] = field(default_factory=list[str])  # of providers' SDKs, loaded when it ended
    error: str = ""

    def of_type(self, token: str) -> list[Resource]:
        return [resource for resource in self.resources if resource.type == token]

    def named(self, name: str, token: str = "") -> Resource:
        """The one resource of that logical name (and type)."""
        found = [r for r in self.resources if r.name == name and token in ("", r.type)]
        if len(found) != 1:
            known = ", ".join(f"{r.type} {r.name}" for r in self.resources)
            raise LookupError(f"{len(found)} resources are named {name!r}; there are: {known}")
        return found[0]

    def write(self, file: Path) -> None:
        file.write_text(json.dumps(asdict(self), indent=1), encoding="utf-8")


def read(file: Path) -> Recording:
    """What `Recording.write` wrote."""
    data = json.loads(file.read_text(encoding="utf-8"))
    data["resources"] = [Resource(**resource) for resource in data["resources"]]
    data["calls"] = [Call(**call) for call in data["calls"]]
    return Recording(**data)


class ProgramFailed(Exception):
    """The program under test raised; the message is its traceback."""


def run_program(
    folder: Path,
    config: Mapping[str, JSON] | None = None,
    *,
    stack: str = "test",
    preview: bool = False,
) -> Recording:
    """Run a program folder under mocks, in a process of its own.

    Keys of `config` without a colon are the project's own. Raises ProgramFailed when the program raises;
    violations are left to the test to judge.
    """
    with tempfile.TemporaryDirectory() as scratch:
        out, settings = Path(scratch, "out.json"), Path(scratch, "config.json")
        settings.write_text(json.dumps(dict(config or {})), encoding="utf-8")
        command = [sys.executable, "-m", "tests.clouds.mocks", str(folder.resolve()), str(out)]
        command += ["--config", str(settings), "--stack", stack, *(["--preview"] if preview else [])]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=TIMEOUT, check=False)
        if not out.exists():
            raise ProgramFailed(f"the mocks ended with exit code {done.returncode}\n{done.stderr}")
        recording = read(out)
    if recording.error:
        raise ProgramFailed(recording.error)
    return recording
