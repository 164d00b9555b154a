"""The whole ecosystem, up once for all tests here."""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
import pytest

from tests.conftest import ROOT, Cli


@dataclass
class Ecosystem:
    """The example stack, deployed."""

    cli: Cli
    folder: Path
    data: Path

    @property
    def workspace(self) -> Path:
        return self.data / "stacks" / "rag-assistant" / "dev"

    @property
    def spec(self) -> Path:
        return self.folder / "stacks" / "rag-assistant" / "stack.yaml"

    def bindings(self) -> dict[str, Any]:
        return json.loads(
            self.cli("bindings", "rag-assistant", "-e", "dev", "--show-secrets", "--json").stdout
        )["result"]

    def up(self) -> dict[str, int]:
        """Deploy; number of changed resources by operation."""
        return json.loads(self.cli("up", "rag-assistant", "-e", "dev", "--yes", "--json").stdout)["result"][
            "changes"
        ]

    def pid(self, name: str) -> int:
        return int(self.process(name)["pid"])

    def process(self, name: str) -> dict[str, Any]:
        """What `status` says of a process."""
        found = json.loads(self.cli("status", "rag-assistant", "-e", "dev", "--json").stdout)["result"]
        return next(item for item in found if item["name"] == name)

    def serving_again(self, name: str, killed: int) -> None:
        """Wait until `status` says that another process than `killed` runs, and holds its port."""
        deadline = time.monotonic() + 120
        while (found := self.process(name))["pid"] == killed or found["state"] != "RUNNING":
            assert time.monotonic() < deadline, f"after two minutes {name} is {found}"


@pytest.fixture(scope="session")
def ecosystem(open_folder: Path) -> Iterator[Ecosystem]:
    folder = open_folder / "whole"
    ignored = shutil.ignore_patterns("venv", "__pycache__", "Pulumi.dev.yaml")
    shutil.copytree(ROOT / "stacks", folder / "stacks", ignore=ignored)
    found = Ecosystem(Cli(folder, folder / "data"), folder, folder / "data")
    found.cli("up", "rag-assistant", "-e", "dev", "--yes")
    yield found
    found.cli("down", "rag-assistant", "-e", "dev", "--delete-data", "--yes")
    left = [p.pid for p in psutil.process_iter() if _workspace(p).startswith(str(folder))]
    assert left == [], "processes are left"
    assert not found.workspace.exists(), "files are left"
    assert not list((found.data / "state").rglob("dev.json")), "state is left"


def _workspace(process: psutil.Process) -> str:
    try:
        return process.environ().get("STACKGEN_WORKSPACE", "")
    except psutil.Error:
        return ""


@pytest.fixture
def stack(open_folder: Path, request: pytest.FixtureRequest) -> Cli:
    """A folder of the test's own, in which one stack is deployed."""
    folder = open_folder / request.node.name.translate({ord("["): "-", ord("]"): None})[-40:]
    folder.mkdir()
    return Cli(folder, folder / "data")
