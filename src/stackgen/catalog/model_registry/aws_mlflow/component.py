"""MLflow on ECS Fargate, on Aurora and S3."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

import pulumi
import pulumi_random as random

from aws_platform.buckets import data_bucket, use_of
from aws_platform.containers import Container
from aws_platform.databases import AuroraServerless
from aws_platform.fargate import Compute, Files, Service
from aws_platform.roles import PORT as DATABASE_PORT
from aws_platform.workloads import Caller
from aws_platform.zone import Zone
from contract_bindings import Bindings
from database_roles import APPLICATION
from mlflow_files import MLFLOW_READER, MODULE, READER, WRITER, auth_configuration

PORT = 5000
FOLDER = "/etc/mlflow"
DATABASE = "mlflow"
HOSTS = "*.on.aws,*.on.aws:443,10.*,localhost"  # its service's names, and health checks by address


@dataclass(frozen=True, kw_only=True)
class AwsMlflowArgs:
    """artifacts: bindings of the object store that keeps artifacts; a bucket of its own if absent."""

    aws: Zone
    version: str
    callers: Sequence[Caller] = ()
    artifacts: Mapping[str, Any] | None = None
    image: str
    cpu: int
    memory: int
    minimum: int
    maximum: int
    max_capacity: float


class AwsMlflow(pulumi.ComponentResource):
    """Runs, versions, aliases and traces in Aurora; clients reach artifacts through the server."""

    bindings: Bindings
    readers: Bindings

    def __init__(self, name: str, args: AwsMlflowArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("stackgen:model_registry:AwsMlflow", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        workload = args.aws.workload(name)
        cluster = AuroraServerless(
            f"{name}-database",
            args.aws,
            component=name,
            database=DATABASE,
            version=args.version,
            capacity=(0.5, args.max_capacity),
            instances=args.minimum,
            callers=[workload],
            opts=child,
        )
        owner = cluster.application
        database = pulumi.Output.all(host=owner.host, password=owner.password).apply(_database_uri)
        password = random.RandomPassword(f"{name}-password", length=40, special=False, opts=child).result
        reader_password = random.RandomPassword(
            f"{name}-reader-password", length=40, special=False, opts=child
        ).result
        session = random.RandomPassword(f"{name}-session-key", length=48, special=False, opts=child).result
        users = auth_configuration(database, password, reader_password)
        container = self._container(name, args, database, session)
        service = Service(
            name,
            args.aws,
            [container],
            Compute(cpu=args.cpu, memory=args.memory, minimum=args.minimum, maximum=args.maximum),
            health_path="/health",
            files=Files(plain={f"{FOLDER}/{MODULE}": MLFLOW_READER}, secret={f"{FOLDER}/users.ini": users}),
            callers=args.callers,
            opts=child,
        )
        url = service.url
        self.bindings = {"mlflow": {"tracking-uri": url, "username": WRITER, "password": password}}
        self.readers = {"mlflow": {"tracking-uri": url, "username": READER, "password": reader_password}}
        self.register_outputs({"bindings": self.bindings})

    def _container(
        self, name: str, args: AwsMlflowArgs, database: pulumi.Output[str], session: pulumi.Output[str]
    ) -> Container:
        store = self._artifacts(name, args)
        flags = ["--host", "0.0.0.0", "--port", str(PORT), "--workers", "2"]  # noqa: S104
        flags += ["--app-name", "basic-auth", "--allowed-hosts", f"'{HOSTS}'", "--serve-artifacts"]
        start = 'exec mlflow server --backend-store-uri "$BACKEND_STORE_URI" --artifacts-destination "$ARTIFACTS" '
        return Container(
            name="mlflow",
            image=args.aws.image(args.image),
            entry_point=["sh", "-euc"],
            command=[start + " ".join(flags)],
            environment={
                "ARTIFACTS": store,
                "PYTHONPATH": FOLDER,
                "MLFLOW_AUTH_CONFIG_PATH": f"{FOLDER}/users.ini",
                "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false",
                "MLFLOW_DISABLE_TELEMETRY": "true",
                "DO_NOT_TRACK": "true",
                "AWS_REGION": args.aws.region,
                "HOME": "/tmp",  # noqa: S108 - a volume of the task's own
            },
            secrets={"BACKEND_STORE_URI": database, "MLFLOW_FLASK_SERVER_SECRET_KEY": session},
            readable=[FOLDER],
            port=PORT,
        )

    def _artifacts(self, name: str, args: AwsMlflowArgs) -> pulumi.Output[str]:
        """Where artifacts are; the store's own component has let this workload in already."""
        if args.artifacts is not None:
            return pulumi.Output.concat("s3://", args.artifacts["s3"]["bucket"], f"/{name}")
        bucket = data_bucket(f"{name}-artifacts", args.aws, pulumi.ResourceOptions(parent=self))
        workload = args.aws.workload(name)
        workload.allow("use-artifacts", *use_of(bucket, args.aws))
        return pulumi.Output.concat("s3://", bucket.bucket)


def _database_uri(known: Mapping[str, str]) -> str:
    password = quote(known["password"], safe="")
    place = f"{known['host']}:{DATABASE_PORT}/{DATABASE}"
    return f"postgresql://{APPLICATION}:{password}@{place}?sslmode=require"
