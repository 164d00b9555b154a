"""Applications that keep writing and reading while boxes are swapped, as the tests of swaps need them."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from typing import Any

import psycopg

from stackgen.contracts.pgvector import PgvectorBinding, connect
from tests.conftest import ROOT, Cli

STACK = ("stack.yaml", "-e", "dev")
HEAD = "# ours\napiVersion: stackgen/v1\nname: swapped # its name\ncomponents:\n"
TAIL = "environments:\n  dev: {provider: local} # here\n"


def up(cli: Cli, components: str) -> None:
    (cli.folder / "stack.yaml").write_text(HEAD + components + TAIL)
    cli("up", *STACK, "--yes")


def gone(cli: Cli) -> None:
    cli("down", *STACK, "--delete-data", "--yes")
    assert not (cli.folder / "data" / "stacks").exists()


def swap(cli: Cli, component: str, *arguments: str, code: int = 0) -> dict[str, Any]:
    done = cli("swap", "stack.yaml", component, "-e", "dev", *arguments, "--yes", "--json", code=code)
    return json.loads(done.stdout)


def spec(cli: Cli) -> str:
    return (cli.folder / "stack.yaml").read_text()


def database(found: dict[str, Any]) -> psycopg.Connection[Any]:
    return connect(PgvectorBinding.model_validate(found["knowledge"]["pgvector"]))


def bindings(cli: Cli) -> dict[str, Any]:
    """What an application would be started with now."""
    return json.loads(cli("bindings", *STACK, "--show-secrets", "--json").stdout)["result"]


def kill(cli: Cli, edge: str, step: str, *arguments: str) -> None:
    """Run a command that is killed at one edge of one step, and has not begun a way back before."""
    command = [sys.executable, "-m", "tests.local.killed", edge, step, *arguments]
    environment = {**cli.environment, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        command, cwd=cli.folder, env=environment, capture_output=True, text=True, timeout=600, check=False
    )
    said = f"{edge} {step}: {done.stdout}\n{done.stderr}"
    assert done.returncode == -signal.SIGKILL, said
    assert "serves again" not in done.stderr, said


class Application(threading.Thread):
    """Writes numbered items one after the other, and remembers which were acknowledged.

    open_(bindings) → write(number); pause: seconds between two. After a failure it takes its bindings anew, as one
    that is restarted would.
    """

    def __init__(
        self, cli: Cli, open_: Callable[[dict[str, Any]], Callable[[int], None]], pause: float = 0.05
    ) -> None:
        super().__init__(daemon=True)
        self.cli = cli
        self.open = open_
        self.pause = pause
        self.committed: list[int] = []
        self.failures: list[str] = []
        self.wrong: list[str] = []
        self.over = threading.Event()
        self.restarted = threading.Event()

    def run(self) -> None:
        write: Callable[[int], None] | None = None
        number = 0
        while not self.over.is_set():
            number += 1
            if self.restarted.is_set():
                self.restarted.clear()
                write = None
            try:
                write = write or self.open(bindings(self.cli))
                write(number)
                self.committed.append(number)
                time.sleep(self.pause)
            except AssertionError as error:
                self.wrong.append(str(error))
                write = None
            except Exception as error:  # whatever the client's library says
                self.failures.append(f"{type(error).__name__}: {error}")
                write = None
                time.sleep(0.5)

    def goes_on(self, seconds: float = 60) -> None:
        """Wait until something more is committed."""
        before, deadline = len(self.committed), time.monotonic() + seconds
        while len(self.committed) == before:
            assert time.monotonic() < deadline, self.failures[-3:]
            time.sleep(0.1)

    def end(self) -> list[int]:
        """Stop; what was acknowledged."""
        self.over.set()
        self.join(60)
        assert self.wrong == []
        return self.committed
