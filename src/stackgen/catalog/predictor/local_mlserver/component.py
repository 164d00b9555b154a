"""MLServer with a model out of the registry."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pulumi

from contract_bindings import Bindings
from local_provider import (
    Health,
    Password,
    Port,
    Process,
    ProcessArgs,
    PythonEnvironment,
    RegisteredModel,
    Step,
)
from local_provider.doors import DOORS
from local_provider.workspace import Workspace
from mlserver_files import FETCH_MODEL

FILES = Path(__file__).parent / "files" / "local_mlserver"


@dataclass(frozen=True, kw_only=True)
class LocalMlserverArgs:
    """model: registry reference. registry: bindings of the registry it is in."""

    workspace: Workspace
    model: str
    registry: Mapping[str, Any]
    port: int | None = None


class LocalMlserver(pulumi.ComponentResource):
    """A predictive model; when its alias moves, the next update serves the new version."""

    bindings: Bindings

    def __init__(
        self, name: str, args: LocalMlserverArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("stackgen:predictor:LocalMlserver", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        registry = args.registry["mlflow"]
        lock = (FILES / "requirements.txt").read_text()
        # MLServer asks for a FastAPI below 0.116, whose Starlette has known vulnerabilities; it runs with a newer one.
        python = PythonEnvironment(f"{name}-python", requirements=lock, no_deps=True, opts=child).path
        where = args.workspace.directory
        version = RegisteredModel(
            f"{name}-version", model=args.model, registry=registry, workspace=where, opts=child
        ).version
        number = Port(f"{name}-port", preferred=args.port, opts=child).number
        token = Password(f"{name}-metrics-token", opts=child).value
        url = pulumi.Output.concat("http://127.0.0.1:", number.apply(str))
        registered = args.model.removeprefix("models:/").replace("@", "/").split("/")[0]
        Process(
            name,
            ProcessArgs(
                workspace=args.workspace.directory,
                command=[pulumi.Output.concat(python, "/bin/python"), "serve.py"],
                secrets={"METRICS_TOKEN": token},
                files={
                    "settings.json": number.apply(_settings),
                    "serve.py": (FILES / "serve.py").read_text(),
                    "fetch_model.py": FETCH_MODEL,
                    **DOORS,
                },
                prepare=[
                    Step(
                        command=[
                            pulumi.Output.concat(python, "/bin/python"),
                            "fetch_model.py",
                            name,
                            pulumi.Output.concat(f"models:/{registered}/", version),
                            version,
                        ],
                        secrets={
                            "MLFLOW_TRACKING_URI": registry["tracking-uri"],
                            "MLFLOW_TRACKING_USERNAME": registry["username"],
                            "MLFLOW_TRACKING_PASSWORD": registry["password"],
                        },
                    )
                ],
                health=Health(http=pulumi.Output.concat(url, "/v2/health/ready")),
            ),
            child,
        )
        self.bindings = {
            "open-inference": {"url": url, "model": name},
            "openmetrics": {"url": pulumi.Output.concat(url, "/metrics"), "bearer-token": token},
        }
        self.register_outputs({"bindings": self.bindings})


def _settings(port: Any) -> str:
    """MLServer's settings.json: loopback only, everything in one process."""
    content = {"host": "127.0.0.1", "http_port": int(port), "parallel_workers": 0, "debug": False}
    return json.dumps(content, indent=1)
