"""Stacks whose boxes are swapped, and commands that are killed while they do it."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from typing import Any

from tests.conftest import ROOT, Cli

STACK = ("stack.yaml", "-e", "dev")
HEAD = "# ours\napiVersion: stackgen/v1\nname: swapped # its name\ncomponents:\n"
KNOWLEDGE = "  knowledge: {capability: vector_store, dimensions: 3, needs: [transactions]}\n"
OLDER = ("--to", "local/postgresql", "--set", 'settings.version="16"')
# of a swap of KNOWLEDGE where no golden questions are recorded; tests/swap/test_steps.py has every list
STEPS = (
    *("beside", "deploy", "empty", "verify", "copy", "freeze", "delta", "switch", "bind"),
    *("settle", "check", "keep"),
)
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
