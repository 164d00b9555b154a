"""Drives programs with the real engine against the cluster, through the stand-in for the provider's plugin."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from stackgen.engine import program_environment
from stackgen.engine.deployment import Deployment
from stackgen.engine.locate import ensure_engine
from stackgen.progress import silent
from tests.clouds.serving import attached, running


@dataclass(frozen=True)
class StandIn:
    """A running stand-in. variables: what an engine's environment needs to use it; folder: what it wrote."""

    folder: Path
    variables: dict[str, str]

    def warnings(self, project: str, stack: str) -> list[dict[str, str]]:
        """What the API server warned of when that stack was previewed or deployed: name, type, warning, path."""
        file = self.folder / "warnings.jsonl"
        lines = file.read_text(encoding="utf-8").splitlines() if file.exists() else []
        told = [json.loads(line) for line in lines]
        return [one for one in told if (one["project"], one["stack"]) == (project, stack)]


@contextmanager
def standing_in(folder: Path, kubeconfig: Path) -> Iterator[StandIn]:
    """The stand-in for `kubernetes` (and for `random`), as long as the context lasts."""
    folder.mkdir(parents=True, exist_ok=True)
    environment = {"KUBECONFIG": str(kubeconfig), "STANDIN_WARNINGS": str(folder / "warnings.jsonl")}
    with running("tests.kubernetes.standin", [str(folder)], environment) as ports:
        yield StandIn(folder, {**attached(ports), "KUBECONFIG": str(kubeconfig)})


def engine_variables(folder: Path) -> dict[str, str]:
    """State, data and passphrase of a test's own."""
    state = folder / "state"
    state.mkdir(parents=True, exist_ok=True)
    return {
        "PULUMI_BACKEND_URL": f"file://{state}",
        "PULUMI_CONFIG_PASSPHRASE": hashlib.sha256(os.urandom(16)).hexdigest(),
        "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "true",
        "STACKGEN_DATA_HOME": str(folder / "data"),
    }


def share_environment(program: Path) -> None:
    """Give a program, for a plain `pulumi`, the environment that stackgen would run it in."""
    if not (program / "venv").exists():
        (program / "venv").symlink_to(program_environment.prepare_for_program(program, silent))


def deployment(program: Path, stack: str, settings: Mapping[str, str] | None = None) -> Deployment:
    """The program as Pulumi stack `stack`; settings: configuration values to be set first."""
    share_environment(program)
    configure(program, stack, settings or {})
    return Deployment(program, project(program), stack)


def configure(program: Path, stack: str, settings: Mapping[str, str]) -> None:
    """Set configuration values of a stack; other values of its file stay."""
    if not settings:
        return
    file = program / f"Pulumi.{stack}.yaml"
    content: dict[str, Any] = yaml.safe_load(file.read_text(encoding="utf-8")) if file.exists() else {}
    config = {**content.get("config", {}), **{_full(program, key): value for key, value in settings.items()}}
    file.write_text(yaml.safe_dump({**content, "config": config}), encoding="utf-8")


def _full(program: Path, key: str) -> str:
    return key if ":" in key else f"{project(program)}:{key}"


def project(program: Path) -> str:
    """The name in its Pulumi.yaml."""
    return yaml.safe_load((program / "Pulumi.yaml").read_text(encoding="utf-8"))["name"]


def state_of(deployed: Deployment) -> str:
    """A stack's whole state as the engine exports it, secrets encrypted."""
    engine = ensure_engine()
    command = [str(engine.executable), "stack", "export", "--stack", deployed.name]
    done = subprocess.run(command, cwd=deployed.program, capture_output=True, text=True, check=True)
    return done.stdout
