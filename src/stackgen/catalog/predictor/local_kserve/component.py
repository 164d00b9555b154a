"""KServe's model server with a model out of the registry."""

from __future__ import annotations

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

FILES = Path(__file__).parent / "files" / "local_kserve"


@dataclass(frozen=True, kw_only=True)
class LocalKserveArgs:
    """model: registry reference. registry: bindings of the registry it is in."""

    workspace: Workspace
    model: str
    registry: Mapping[str, Any]
    port: int | None = None


class LocalKserve(pulumi.ComponentResource):
    """A predictive model; when its alias moves, the next update serves the new version."""

    bindings: Bindings

    def __init__(self, name: str, args: LocalKserveArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("stackgen:predictor:LocalKserve", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        registry = args.registry["mlflow"]
        lock = (FILES / "requirements.txt").read_text()
        python = PythonEnvironment(f"{name}-python", requirements=lock, opts=child).path
        where = args.workspace.directory
        version = RegisteredModel(
            f"{name}-version", model=args.model, registry=registry, workspace=where, opts=child
        ).version
        number = Port(f"{name}-port", preferred=args.port, opts=child).number
        token = Password(f"{name}-metrics-token", opts=child).value
        url = pulumi.Output.concat("http://127.0.0.1:", number.apply(str))
        registered = args.model.removeprefix("models:/").replace("@", "/").split("/")[0]
        executable = pulumi.Output.concat(python, "/bin/python")
        Process(
            name,
            ProcessArgs(
                workspace=args.workspace.directory,
                command=[executable, "serve.py", number.apply(str)],
                secrets={"METRICS_TOKEN": token},
                files={
                    "serve.py": (FILES / "serve.py").read_text(),
                    "fetch_model.py": FETCH_MODEL,
                    **DOORS,
                },
                prepare=[
                    Step(
                        command=[
                            executable,
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
