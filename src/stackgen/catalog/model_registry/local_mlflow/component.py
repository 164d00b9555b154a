"""MLflow's tracking server and model registry."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pulumi

from contract_bindings import Bindings
from local_provider import DataDirectory
from local_provider.workspace import Workspace
from mlflow_server import MlflowServer


@dataclass(frozen=True, kw_only=True)
class LocalMlflowArgs:
    """artifacts: bindings of the object store that keeps artifacts; the server's own disk if absent."""

    workspace: Workspace
    artifacts: Mapping[str, Any] | None = None
    port: int | None = None


class LocalMlflow(pulumi.ComponentResource):
    """Runs, versions, aliases and traces in SQLite; clients reach artifacts through the server."""

    bindings: Bindings
    readers: Bindings

    def __init__(self, name: str, args: LocalMlflowArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("stackgen:model_registry:LocalMlflow", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        kept = pulumi.ResourceOptions(parent=self, protect=args.workspace.protect)
        data = DataDirectory(f"{name}-data", path=f"{args.workspace.root}/data/{name}", opts=kept).path
        server = MlflowServer(
            name,
            args.workspace,
            data=data,
            own_artifacts=pulumi.Output.concat(data, "/artifacts"),
            store=args.artifacts["s3"] if args.artifacts else None,
            users=pulumi.Output.concat("sqlite:///", data, "/users.db"),
            flags=["--backend-store-uri", pulumi.Output.concat("sqlite:///", data, "/mlflow.db")],
            port=args.port,
            opts=child,
        )
        self.bindings = server.bindings
        self.readers = server.readers
        self.register_outputs({"bindings": self.bindings})
