"""A PostgreSQL server and one database in it, out of whichever wheel carries the server's programs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import pulumi

from database_roles import APPLICATION, FILES
from local_provider.directory import DataDirectory
from local_provider.health import Health
from local_provider.homes import run_directory
from local_provider.password import Password
from local_provider.port import Port
from local_provider.process import Process, ProcessArgs, Step
from local_provider.python_environment import PythonEnvironment
from local_provider.workspace import Workspace

SUPERUSER = "stackgen"

# A cluster appears under its final name only when it is complete: an interrupted initdb leaves nothing behind.
CREATE_CLUSTER = """\
set -e
rm -rf "$1.new"
"$2/initdb" -D "$1.new" -U "$3" --pwfile=password -A scram-sha-256 -E UTF8 --locale=C --data-checksums
mv "$1.new" "$1"
"""
# A server that asks for the password in clear gets none. Applications of former versions had the superuser's name and
# password: on their data, that password serves once more, to be replaced.
CREATE_DATABASE = """\
set -e
PATH=$1:$PATH PGHOST=127.0.0.1 PGPORT=$2 PGUSER=$3 PGPASSWORD=$SUPERUSER_PASSWORD PGREQUIREAUTH=scram-sha-256
export PATH PGHOST PGPORT PGUSER PGPASSWORD PGREQUIREAUTH
shift 3
until pg_isready -q; do sleep 0.1; done
refused=$(psql -X -d postgres -c "select" 2>&1 >/dev/null) || case "$refused" in
    *"password authentication failed"*) PGPASSWORD=$APPLICATION_PASSWORD ;;
esac
exec sh roles.sh "$@"
"""


class PostgresServer:
    """The resources of one server; only loopback and a password lead to it.

    component: whose server it is. requirements: lock of the wheel with the programs, which are in its `folder` (below
    site-packages). data: its folder below the workspace's data. version: major version of the data.
    `port`, `database`, `user` and `password` are what its clients need: a role that owns the database. The superuser
    serves for nothing but to make that role and the extension.
    """

    def __init__(
        self,
        name: str,
        workspace: Workspace,
        *,
        component: str,
        requirements: str,
        folder: str,
        data: str,
        version: str,
        database: str,
        settings: Mapping[str, str],
        extensions: Sequence[str] = (),
        port: int | None = None,
        opts: pulumi.ResourceOptions,
    ) -> None:
        kept = pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(protect=workspace.protect))
        path = f"{workspace.root}/data/{data}"
        folder_of_data = DataDirectory(f"{name}-data", path=path, opts=kept).path
        cluster = pulumi.Output.concat(folder_of_data, "/cluster")
        self.database = database
        self.user = APPLICATION
        self.password = Password(f"{name}-password", opts=kept).value
        superuser = Password(f"{name}-superuser-password", opts=kept).value
        self.port = Port(f"{name}-port", preferred=port, opts=opts).number.apply(str)
        python = PythonEnvironment(f"{name}-binaries", requirements=requirements, opts=opts)
        programs = python.path.apply(lambda environment: _programs(environment, folder))
        every = {
            "listen_addresses": "127.0.0.1",
            "unix_socket_directories": "",
            "password_encryption": "scram-sha-256",
            **settings,
        }
        flags = [flag for key, value in every.items() for flag in ("-c", f"{key}={value}")]
        arguments = [self.port, SUPERUSER, database, *extensions]
        self.process = Process(
            name,
            ProcessArgs(
                workspace=workspace.directory,
                component=component,
                data=[folder_of_data],
                command=[pulumi.Output.concat(programs, "/postgres"), "-D", cluster, "-p", self.port, *flags],
                files=FILES,
                secret_files={"password": superuser},
                prepare=[
                    Step(
                        command=["/bin/sh", "-c", CREATE_CLUSTER, "initdb", cluster, programs, SUPERUSER],
                        creates=pulumi.Output.concat(cluster, "/PG_VERSION"),
                    )
                ],
                health=Health(tcp=pulumi.Output.concat("127.0.0.1:", self.port)),
                finish=[
                    Step(
                        command=["/bin/sh", "-c", CREATE_DATABASE, "roles", programs, *arguments],
                        secrets={"SUPERUSER_PASSWORD": superuser, "APPLICATION_PASSWORD": self.password},
                    )
                ],
                directory=run_directory(workspace.directory, name),
                stop_signal="INT",
                replace_on={"version": version},
            ),
            opts,
        )


def _programs(environment: str, folder: str) -> str:
    """Folder of the server's programs in the environment that carries them."""
    return str(next(Path(environment, "lib").glob("python3.*/site-packages")) / folder)
