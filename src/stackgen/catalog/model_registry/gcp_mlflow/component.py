"""MLflow on Cloud Run, on Cloud SQL and Cloud Storage."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

import pulumi
import pulumi_random as random

from contract_bindings import Bindings
from database_roles import APPLICATION
from gcp_platform.buckets import data_bucket, open_to
from gcp_platform.cloud_run import Container, Scale, Service
from gcp_platform.databases import CloudSql
from gcp_platform.roles import PORT as DATABASE_PORT
from gcp_platform.workloads import Caller
from gcp_platform.zone import Zone
from mlflow_files import MLFLOW_READER, MODULE, READER, WRITER, auth_configuration

PORT = 5000
USERS = "/etc/mlflow/users.ini"
CODE = "/etc/mlflow-code"  # each file is mounted in a folder of its own
DATABASE = "mlflow"
HOSTS = "*.run.app,localhost,127.0.0.1"


@dataclass(frozen=True, kw_only=True)
class GcpMlflowArgs:
    """artifacts: bindings of the object store that keeps artifacts; a bucket of its own if absent."""

    gcp: Zone
    version: str
    callers: Sequence[Caller] = ()
    artifacts: Mapping[str, Any] | None = None
    image: str
    tier: str
    standby: bool
    cpu: str
    memory: str
    minimum: int
    maximum: int


class GcpMlflow(pulumi.ComponentResource):
    """Runs, versions, aliases and traces in Cloud SQL; clients reach artifacts through the server."""

    bindings: Bindings
    readers: Bindings

    def __init__(self, name: str, args: GcpMlflowArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("stackgen:model_registry:GcpMlflow", name, None, opts)
        self._child = child = pulumi.ResourceOptions(parent=self)
        instance = CloudSql(
            f"{name}-database",
            args.gcp,
            database=DATABASE,
            version=args.version,
            tier=args.tier,
            storage=20,
            standby=args.standby,
            callers=[args.gcp.workload(name)],
            opts=child,
        )
        owner = instance.application
        database = pulumi.Output.all(host=owner.host, password=owner.password).apply(_database_uri)
        password = random.RandomPassword(f"{name}-password", length=40, special=False, opts=child).result
        reader_password = random.RandomPassword(
            f"{name}-reader-password", length=40, special=False, opts=child
        ).result
        session = random.RandomPassword(f"{name}-session-key", length=48, special=False, opts=child).result
        users = auth_configuration(database, password, reader_password)
        container = self._container(name, args, database, session, users)
        scale = Scale(minimum=args.minimum, maximum=args.maximum)
        service = Service(name, args.gcp, [container], scale, opts=child)
        url = service.url
        self.bindings = {"mlflow": {"tracking-uri": url, "username": WRITER, "password": password}}
        self.readers = {"mlflow": {"tracking-uri": url, "username": READER, "password": reader_password}}
        self.register_outputs({"bindings": self.bindings})

    def _container(
        self,
        name: str,
        args: GcpMlflowArgs,
        database: pulumi.Output[str],
        session: pulumi.Output[str],
        users: pulumi.Output[str],
    ) -> Container:
        place, store = self._artifacts(name, args)
        keys = {k: v for k, v in store.items() if k in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")}
        flags = ["--host", "0.0.0.0", "--port", str(PORT), "--workers", "2"]  # noqa: S104
        flags += ["--app-name", "basic-auth", "--allowed-hosts", f"'{HOSTS}'", "--serve-artifacts"]
        start = 'exec mlflow server --backend-store-uri "$BACKEND_STORE_URI" --artifacts-destination "$ARTIFACTS" '
        return Container(
            name="mlflow",
            image=args.gcp.image(args.image),
            command=["sh", "-euc"],
            args=[start + " ".join(flags)],
            environment={
                **{k: v for k, v in store.items() if k not in keys},
                "ARTIFACTS": place,
                "PYTHONPATH": CODE,
                "MLFLOW_AUTH_CONFIG_PATH": USERS,
                "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false",
                "MLFLOW_DISABLE_TELEMETRY": "true",
                "DO_NOT_TRACK": "true",
            },
            secrets={**keys, "BACKEND_STORE_URI": database, "MLFLOW_FLASK_SERVER_SECRET_KEY": session},
            files={USERS: users, f"{CODE}/{MODULE}": MLFLOW_READER},
            port=PORT,
            health_path="/health",
            cpu=args.cpu,
            memory=args.memory,
        )

    def _artifacts(
        self, name: str, args: GcpMlflowArgs
    ) -> tuple[pulumi.Output[str], dict[str, pulumi.Input[str]]]:
        """Where artifacts are, and the variables with which the server's client reaches them."""
        if args.artifacts is None:
            bucket = data_bucket(f"{name}-artifacts", args.gcp, self._child)
            open_to(f"{name}-artifacts", bucket, name, args.gcp.workload(name).member, self._child)
            return pulumi.Output.concat("gs://", bucket.name), {}
        store = args.artifacts["s3"]
        variables: dict[str, pulumi.Input[str]] = {
            "MLFLOW_S3_ENDPOINT_URL": store["endpoint"],
            "AWS_DEFAULT_REGION": store["region"],
            "AWS_REQUEST_CHECKSUM_CALCULATION": "when_required",  # what Cloud Storage understands
        }
        if "access-key-id" in store:
            variables["AWS_ACCESS_KEY_ID"] = store["access-key-id"]
            variables["AWS_SECRET_ACCESS_KEY"] = store["secret-access-key"]
        return pulumi.Output.concat("s3://", store["bucket"], f"/{name}"), variables


def _database_uri(known: Mapping[str, str]) -> str:
    password = quote(known["password"], safe="")
    place = f"{known['host']}:{DATABASE_PORT}/{DATABASE}"
    return f"postgresql://{APPLICATION}:{password}@{place}?sslmode=require"
