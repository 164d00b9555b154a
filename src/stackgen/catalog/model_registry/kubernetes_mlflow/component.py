"""MLflow in the cluster, on PostgreSQL."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

import pulumi
import pulumi_random as random

from contract_bindings import Bindings
from kubernetes_platform.bindings import publish
from kubernetes_platform.containers import Container, Health
from kubernetes_platform.databases import PORT as DATABASE_PORT
from kubernetes_platform.databases import Database, DatabaseArgs, OperatedDatabase, PlainDatabase
from kubernetes_platform.ground import Ground
from kubernetes_platform.pods import Pod
from kubernetes_platform.servers import Scale, Server, ServerArgs, claim
from kubernetes_platform.workloads import Caller
from mlflow_files import MLFLOW_READER, MODULE, READER, WRITER, auth_configuration

PORT = 5000
FOLDER = "/etc/mlflow"
DATABASE = "mlflow"
ARTIFACTS = "/artifacts"
OPERATED = "cloudnative-pg"


@dataclass(frozen=True, kw_only=True)
class KubernetesMlflowArgs:
    """artifacts: bindings of the object store that keeps artifacts; a volume of its own if absent.

    database: cloudnative-pg or postgresql. storage, artifact_storage: GiB.
    """

    kubernetes: Ground
    callers: Sequence[Caller] = ()
    artifacts: Mapping[str, Any] | None = None
    image: str
    database: str
    database_image: str
    instances: int
    storage: int
    artifact_storage: int
    cpu: str
    memory: str
    replicas: int
    expose: bool


class KubernetesMlflow(pulumi.ComponentResource):
    """Runs, versions, aliases and traces in PostgreSQL; clients reach artifacts through the server."""

    bindings: Bindings
    readers: Bindings

    def __init__(
        self, name: str, args: KubernetesMlflowArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("stackgen:model_registry:KubernetesMlflow", name, None, opts)
        self._name, self._args, self._child = name, args, pulumi.ResourceOptions(parent=self)
        child = self._child
        password = random.RandomPassword(f"{name}-password", length=40, special=False, opts=child).result
        reader_password = random.RandomPassword(
            f"{name}-reader-password", length=40, special=False, opts=child
        ).result
        own_disk = args.artifacts is None
        claims = (
            {"artifacts": claim(f"{name}-artifacts", name, args.artifact_storage, args.kubernetes, child)}
            if own_disk
            else {}
        )
        server = Server(
            name,
            ServerArgs(
                pod=Pod(
                    containers=[self._container(self._database(), password, reader_password)], claims=claims
                ),
                port=PORT,
                callers=args.callers,
                # a volume that one node mounts serves one replica
                scale=Scale() if own_disk else Scale(minimum=args.replicas, maximum=args.replicas),
                expose=args.expose,
            ),
            args.kubernetes,
            child,
        )
        url = server.url
        self.bindings = {"mlflow": {"tracking-uri": url, "username": WRITER, "password": password}}
        self.readers = {"mlflow": {"tracking-uri": url, "username": READER, "password": reader_password}}
        publish(name, self.bindings, args.kubernetes, child)
        self.register_outputs({"bindings": self.bindings, "address": server.address})

    def _database(self) -> pulumi.Output[str]:
        """Address of the database, with its password."""
        args, ground = self._args, self._args.kubernetes
        kind: type[Database] = OperatedDatabase if args.database == OPERATED else PlainDatabase
        database = kind(
            f"{self._name}-database",
            DatabaseArgs(
                component=f"{self._name}-database",
                database=DATABASE,
                image=args.database_image,
                callers=[ground.workload(self._name)],
                instances=args.instances,
                storage=args.storage,
            ),
            ground,
            self._child,
        )
        mode = "require" if args.database == OPERATED else "disable"
        place = f"{database.host}:{DATABASE_PORT}/{DATABASE}?sslmode={mode}"
        return database.password.apply(
            lambda value: f"postgresql://{database.user}:{quote(value, safe='')}@{place}"
        )

    def _container(
        self,
        database: pulumi.Output[str],
        password: pulumi.Output[str],
        reader_password: pulumi.Output[str],
    ) -> Container:
        args, name = self._args, self._name
        session = random.RandomPassword(f"{name}-session-key", length=48, special=False, opts=self._child)
        place, store, keys = self._artifacts()
        hosts = f"{name}.{args.kubernetes.namespace}.svc*,{name}.*,localhost*,127.0.0.1*"
        flags = ["--host", "0.0.0.0", "--port", str(PORT), "--workers", "2"]  # noqa: S104 - a pod's own
        flags += ["--app-name", "basic-auth", "--allowed-hosts", hosts, "--serve-artifacts"]
        flags += ["--backend-store-uri", "$(BACKEND_STORE_URI)", "--artifacts-destination", "$(ARTIFACTS)"]
        return Container(
            name="mlflow",
            image=args.kubernetes.image(args.image),
            command=["mlflow", "server"],
            args=flags,
            environment={
                **store,
                "HOME": "/tmp",  # noqa: S108 - the pod's own
                "ARTIFACTS": place,
                "PYTHONPATH": FOLDER,
                "MLFLOW_AUTH_CONFIG_PATH": f"{FOLDER}/users.ini",
                "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false",
                "MLFLOW_DISABLE_TELEMETRY": "true",
                "DO_NOT_TRACK": "true",
            },
            secrets={
                **keys,
                "BACKEND_STORE_URI": database,
                "MLFLOW_FLASK_SERVER_SECRET_KEY": session.result,
            },
            files={f"{FOLDER}/{MODULE}": MLFLOW_READER},
            secret_files={f"{FOLDER}/users.ini": auth_configuration(database, password, reader_password)},
            volumes={} if args.artifacts else {ARTIFACTS: "artifacts"},
            ports={"http": PORT},
            health=Health(port=PORT, path="/health"),
            cpu=args.cpu,
            memory=args.memory,
        )

    def _artifacts(
        self,
    ) -> tuple[pulumi.Input[str], dict[str, pulumi.Input[str]], dict[str, pulumi.Input[str]]]:
        """Where artifacts are, and the variables and keys with which the server's client reaches them."""
        if self._args.artifacts is None:
            return ARTIFACTS, {}, {}
        store = self._args.artifacts["s3"]
        variables: dict[str, pulumi.Input[str]] = {
            "MLFLOW_S3_ENDPOINT_URL": store["endpoint"],
            "AWS_DEFAULT_REGION": store["region"],
        }
        keys: dict[str, pulumi.Input[str]] = {
            "AWS_ACCESS_KEY_ID": store["access-key-id"],
            "AWS_SECRET_ACCESS_KEY": store["secret-access-key"],
        }
        return pulumi.Output.concat("s3://", store["bucket"], f"/{self._name}"), variables, keys
