"""MLflow's tracking server and model registry."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pulumi

from local_provider import DataDirectory, Health, Password, Port, Process, ProcessArgs, PythonEnvironment
from local_provider.workspace import Workspace
from mlflow_files import MLFLOW_READER, MODULE, READER, WRITER, configuration

FILES = Path(__file__).parent / "files" / "local_mlflow"


@dataclass(frozen=True, kw_only=True)
class LocalMlflowArgs:
    """artifacts: bindings of the object store that keeps artifacts; the server's own disk if absent."""

    workspace: Workspace
    artifacts: Mapping[str, Mapping[str, pulumi.Input[Any]]] | None = None
    port: int | None = None


class LocalMlflow(pulumi.ComponentResource):
    """Runs, versions, aliases and traces in SQLite; clients reach artifacts through the server."""

    bindings: dict[str, dict[str, pulumi.Input[Any]]]
    readers: dict[str, dict[str, pulumi.Input[Any]]]

    def __init__(self, name: str, args: LocalMlflowArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("stackgen:model_registry:LocalMlflow", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        kept = pulumi.ResourceOptions(parent=self, protect=args.workspace.protect)
        directory = args.workspace.directory
        data = DataDirectory(f"{name}-data", path=f"{args.workspace.root}/data/{name}", opts=kept).path
        lock = (FILES / "requirements.txt").read_text()
        python = PythonEnvironment(f"{name}-python", requirements=lock, opts=child).path
        password = Password(f"{name}-password", opts=kept).value
        reader_password = Password(f"{name}-reader-password", opts=child).value
        session_key = Password(f"{name}-session-key", opts=kept).value
        number = Port(f"{name}-port", preferred=args.port, opts=child).number.apply(str)
        url = pulumi.Output.concat("http://127.0.0.1:", number)
        store = args.artifacts["s3"] if args.artifacts else None
        own_disk = pulumi.Output.concat(data, "/artifacts")
        place = pulumi.Output.concat("s3://", store["bucket"], f"/{name}") if store else own_disk
        flags: list[Any] = [
            "--host",
            "127.0.0.1",
            "--port",
            number,
            "--workers",
            "1",
            "--app-name",
            "basic-auth",
        ]
        flags += ["--backend-store-uri", pulumi.Output.concat("sqlite:///", data, "/mlflow.db")]
        flags += ["--serve-artifacts", "--artifacts-destination", place]
        Process(
            name,
            ProcessArgs(
                workspace=directory,
                data=[data],
                command=[pulumi.Output.concat(python, "/bin/mlflow"), "server", *flags],
                environment={
                    "PATH": pulumi.Output.concat(python, "/bin:/usr/bin:/bin"),
                    "PYTHONPATH": ".",
                    "MLFLOW_AUTH_CONFIG_PATH": "users.ini",
                    "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false",
                    "MLFLOW_DISABLE_TELEMETRY": "true",
                    "DO_NOT_TRACK": "true",
                },
                secrets={"MLFLOW_FLASK_SERVER_SECRET_KEY": session_key, **_object_store(store)},
                files={MODULE: MLFLOW_READER},
                secret_files={
                    "users.ini": configuration(
                        pulumi.Output.concat("sqlite:///", data, "/users.db"), password, reader_password
                    )
                },
                health=Health(http=pulumi.Output.concat(url, "/health")),
            ),
            child,
        )
        self.bindings = {"mlflow": {"tracking-uri": url, "username": WRITER, "password": password}}
        self.readers = {"mlflow": {"tracking-uri": url, "username": READER, "password": reader_password}}
        self.register_outputs({"bindings": self.bindings})


def _object_store(store: Mapping[str, pulumi.Input[Any]] | None) -> dict[str, pulumi.Input[str]]:
    """Variables the server's S3 client reads."""
    if store is None:
        return {}
    return {
        "MLFLOW_S3_ENDPOINT_URL": store["endpoint"],
        "AWS_ACCESS_KEY_ID": store["access-key-id"],
        "AWS_SECRET_ACCESS_KEY": store["secret-access-key"],
        "AWS_DEFAULT_REGION": store["region"],
    }
