"""PostgreSQL in the cluster: run by CloudNativePG, or as a plain StatefulSet.

https://cloudnative-pg.io/documentation/current/cloudnative-pg.v1/
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import pulumi
import pulumi_kubernetes as k8s
import pulumi_random as random
from pulumi_kubernetes.apiextensions import CustomResource

from contract_bindings import PgvectorBinding
from database_roles import APPLICATION, FILES
from kubernetes_platform.containers import Container, Health
from kubernetes_platform.ground import Ground
from kubernetes_platform.pods import Pod
from kubernetes_platform.policies import admit, admit_namespace, reach_addresses, within
from kubernetes_platform.servers import Scale, Server, ServerArgs
from kubernetes_platform.workloads import Caller

PORT = 5432
STATUS = 8000  # CloudNativePG's instance manager, asked by the operator and by other instances
OWNER = "app"  # of a database of CloudNativePG's, which gives it no rights beyond
SUPERUSER, FORMER_SUPERUSER = "postgres", "app"
OPERATOR_NAMESPACE = "cnpg-system"
BARMAN = "barman-cloud.cloudnative-pg.io"
DATA = "/var/lib/postgresql"
ROLES = "/etc/database-roles"
# A new volume: the image's entrypoint makes the data, starts a server on a private socket, and runs this.
MAKE_ROLES = """\
PGUSER=$POSTGRES_USER SUPERUSER_PASSWORD=$POSTGRES_PASSWORD sh {folder}/roles.sh {arguments}
"""
# A volume with data, perhaps of a former version: its superuser was another, and applications had the password.
TAKE_OVER = """\
set -eu
[ -s "$PGDATA/PG_VERSION" ] || exit 0
PGHOST=$(mktemp -d) SUPERUSER_PASSWORD=$POSTGRES_PASSWORD
export PGHOST SUPERUSER_PASSWORD
echo "local all all trust" > "$PGHOST/pg_hba.conf"
options="-c listen_addresses='' -c unix_socket_directories=$PGHOST -c hba_file=$PGHOST/pg_hba.conf"
pg_ctl -D "$PGDATA" -w -t 3600 -o "$options" start
trap 'pg_ctl -D "$PGDATA" -w -m fast stop' EXIT
for PGUSER in "$POSTGRES_USER" {former}; do
    export PGUSER
    if psql -X -q -d postgres -c "select" 2>/dev/null; then break; fi
done
sh {folder}/roles.sh {arguments}
"""


@dataclass(frozen=True, kw_only=True)
class DatabaseArgs:
    """database: its name. extensions: made in it. instances: one of them takes writes, the others follow.

    storage: GiB. parameters: PostgreSQL's. backup: where CloudNativePG archives to; none if absent.
    """

    database: str
    image: str
    callers: Sequence[Caller] = ()
    component: str | None = None
    extensions: Sequence[str] = ()
    instances: int = 1
    storage: int = 10
    cpu: str = "500m"
    memory: str = "1Gi"
    parameters: Mapping[str, str] = field(default_factory=dict[str, str])
    backup: Mapping[str, Any] | None = None


class Database:
    """host of a database, and the user that owns it, which is no superuser, with its password."""

    user: str
    host: str
    password: pulumi.Output[str]

    def __init__(self, name: str, args: DatabaseArgs, ground: Ground, opts: pulumi.ResourceOptions) -> None:
        self.component = args.component or name
        self._name, self._args, self._ground, self._opts = name, args, ground, opts
        self.password = random.RandomPassword(
            f"{name}-password", length=40, special=False, opts=self._kept()
        ).result

    def _kept(self) -> pulumi.ResourceOptions:
        return pulumi.ResourceOptions.merge(self._opts, pulumi.ResourceOptions(protect=self._ground.protect))


class OperatedDatabase(Database):
    """A cluster of CloudNativePG's: failover, TLS, and archiving where a backup is asked for."""

    user = OWNER

    def __init__(self, name: str, args: DatabaseArgs, ground: Ground, opts: pulumi.ResourceOptions) -> None:
        super().__init__(name, args, ground, opts)
        self.host = f"{name}-rw.{ground.namespace}.svc"
        credentials = k8s.core.v1.Secret(
            f"{name}-owner",
            metadata=ground.metadata(self.component, f"{name}-owner", name),
            type="kubernetes.io/basic-auth",
            string_data={"username": self.user, "password": self.password},
            opts=opts,
        )
        labels = ground.metadata(self.component, None, name).labels
        CustomResource(
            name,
            api_version="postgresql.cnpg.io/v1",
            kind="Cluster",
            metadata=ground.metadata(self.component, name, name, self._annotations()),
            spec=self._spec(labels, credentials),
            opts=self._kept(),
        )
        self._policies()
        if args.backup is not None:
            self._archive(args.backup)

    def _annotations(self) -> dict[str, str]:
        """Done when the operator says so; without a backup nothing is archived, and PostgreSQL says that too."""
        found = {"pulumi.com/waitFor": "condition=Ready"}
        return found if self._args.backup else {**found, "cnpg.io/skipWalArchiving": "enabled"}

    def _spec(self, labels: Any, credentials: k8s.core.v1.Secret) -> dict[str, Any]:
        args, ground = self._args, self._ground
        given = {"cpu": args.cpu, "memory": args.memory, "ephemeral-storage": "2Gi"}
        volume: dict[str, Any] = {"size": f"{args.storage}Gi"}
        if ground.storage_class:
            volume["storageClass"] = ground.storage_class
        found: dict[str, Any] = {
            "instances": args.instances,
            "imageName": ground.image(args.image),
            "imagePullPolicy": "Always",
            "inheritedMetadata": {"labels": labels},
            "bootstrap": {
                "initdb": {
                    "database": args.database,
                    "owner": self.user,
                    "secret": {"name": credentials.metadata.apply(lambda metadata: metadata.name)},
                    "dataChecksums": True,
                    "postInitApplicationSQL": [
                        f"CREATE EXTENSION IF NOT EXISTS {e}" for e in args.extensions
                    ],
                }
            },
            "enableSuperuserAccess": False,
            "primaryUpdateStrategy": "unsupervised",
            "storage": volume,
            "resources": {"requests": given, "limits": given},
            "postgresql": {
                "parameters": dict(args.parameters),
                # connections without TLS are refused
                "pg_hba": ["hostssl all all all scram-sha-256", "hostnossl all all all reject"],
            },
            "affinity": {
                "enablePodAntiAffinity": args.instances > 1,
                "topologyKey": "kubernetes.io/hostname",
                "podAntiAffinityType": "preferred",
                **({"nodeSelector": dict(ground.nodes.selector)} if ground.nodes.selector else {}),
            },
            "seccompProfile": {"type": "RuntimeDefault"},
            "enablePDB": args.instances > 1,
        }
        if ground.pull_secret:
            found["imagePullSecrets"] = [{"name": ground.pull_secret}]
        if args.backup is not None:
            archiver = {"name": BARMAN, "isWALArchiver": True}
            found["plugins"] = [{**archiver, "parameters": {"barmanObjectName": f"{self._name}-backup"}}]
        return found

    def _archive(self, backup: Mapping[str, Any]) -> None:
        """A bucket that base backups and the write-ahead log go to, and when.

        https://cloudnative-pg.io/plugin-barman-cloud/docs/usage/
        """
        name, secret = f"{self._name}-backup", backup["credentials"]
        store: dict[str, Any] = {
            "destinationPath": backup["bucket"],
            "s3Credentials": {
                "accessKeyId": {"name": secret, "key": "ACCESS_KEY_ID"},
                "secretAccessKey": {"name": secret, "key": "ACCESS_SECRET_KEY"},
            },
            "wal": {"compression": "gzip"},
            "data": {"compression": "gzip"},
        }
        if backup.get("endpoint"):
            store["endpointURL"] = backup["endpoint"]
        CustomResource(
            f"{name}-store",
            api_version="barmancloud.cnpg.io/v1",
            kind="ObjectStore",
            metadata=self._ground.metadata(self.component, name, self._name),
            spec={"configuration": store, "retentionPolicy": backup.get("retention", "30d")},
            opts=self._opts,
        )
        CustomResource(
            name,
            api_version="postgresql.cnpg.io/v1",
            kind="ScheduledBackup",
            metadata=self._ground.metadata(self.component, name, self._name),
            spec={
                "cluster": {"name": self._name},
                "schedule": backup.get("schedule", "0 0 2 * * *"),
                "method": "plugin",
                "pluginConfiguration": {"name": BARMAN},
                "backupOwnerReference": "none" if self._ground.protect else "self",
            },
            opts=self._opts,
        )
        reach_addresses(self.component, "backup", ["0.0.0.0/0"], [443], self._ground, self._opts)

    def _policies(self) -> None:
        """Clients to the database, instances to each other, the operator to them, and they to the API server."""
        component, ground, opts = self.component, self._ground, self._opts
        admit(component, [PORT], self._args.callers, ground, opts)
        within(component, [PORT, STATUS], ground, opts)
        admit_namespace(component, OPERATOR_NAMESPACE, [PORT, STATUS], ground, opts)
        reach_addresses(component, "api-server", ground.api_server_ranges, [443, 6443], ground, opts)


class PlainDatabase(Database):
    """One server with a volume: no operator, no failover. Its superuser serves to make the application's role."""

    user = APPLICATION

    def __init__(self, name: str, args: DatabaseArgs, ground: Ground, opts: pulumi.ResourceOptions) -> None:
        super().__init__(name, args, ground, opts)
        flags = [flag for key, value in args.parameters.items() for flag in ("-c", f"{key}={value}")]
        known = {"folder": ROLES, "arguments": " ".join([args.database, *args.extensions])}
        superuser = random.RandomPassword(
            f"{name}-superuser-password", length=40, special=False, opts=self._kept()
        )
        container = Container(
            name="postgresql",
            image=ground.image(args.image),
            args=["postgres", *flags],
            environment={
                "PGDATA": f"{DATA}/data/cluster",
                "POSTGRES_USER": SUPERUSER,
                "POSTGRES_INITDB_ARGS": "--data-checksums --auth=scram-sha-256",
            },
            secrets={"POSTGRES_PASSWORD": superuser.result, "APPLICATION_PASSWORD": self.password},
            files={
                "/docker-entrypoint-initdb.d/roles.sh": MAKE_ROLES.format(**known),
                **{f"{ROLES}/{file}": text for file, text in FILES.items()},
            },
            writable=["/tmp", "/var/run/postgresql"],  # noqa: S108 - volumes of the pod's own
            volumes={f"{DATA}/data": "data"},
            ports={"postgresql": PORT},
            health=Health(
                command=["pg_isready", "-q", "-h", "127.0.0.1", "-U", self.user, "-d", args.database]
            ),
            cpu=args.cpu,
            memory=args.memory,
        )
        script = TAKE_OVER.format(former=FORMER_SUPERUSER, **known)
        first = replace(container, name="roles", command=["sh", "-c", script], args=(), ports={}, health=None)
        server = Server(
            name,
            ServerArgs(
                pod=Pod(containers=[container], first=[first], grace=60),
                port=PORT,
                callers=args.callers,
                scale=Scale(),
                component=self.component,
                storage={"data": args.storage},
            ),
            ground,
            opts,
        )
        self.host = server.host


def pgvector_binding(database: Database, name: str, dimensions: int, sslmode: str) -> PgvectorBinding:
    """Return the binding of a database with the vector extension."""
    return {
        "host": database.host,
        "port": PORT,
        "database": name,
        "username": database.user,
        "password": database.password,
        "sslmode": sslmode,
        "dimensions": dimensions,
    }
