"""An S3 server over files of a volume."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pulumi
import pulumi_random as random

from contract_bindings import Bindings
from kubernetes_platform.bindings import publish
from kubernetes_platform.containers import Container, Health
from kubernetes_platform.ground import Ground
from kubernetes_platform.pods import Pod
from kubernetes_platform.servers import Server, ServerArgs
from kubernetes_platform.workloads import Caller

PORT = 7070
REGION = "us-east-1"  # what clients assume where nobody says otherwise
DATA = "/data"


@dataclass(frozen=True, kw_only=True)
class KubernetesVersitygwArgs:
    """bucket: name of the bucket; the component's name if absent. storage: GiB."""

    kubernetes: Ground
    callers: Sequence[Caller] = ()
    bucket: str | None = None
    image: str
    storage: int
    cpu: str
    memory: str


class KubernetesVersitygw(pulumi.ComponentResource):
    """A bucket that only callers reach; its objects are files."""

    bindings: Bindings

    def __init__(
        self, name: str, args: KubernetesVersitygwArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("stackgen:object_store:KubernetesVersitygw", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        ground, bucket = args.kubernetes, args.bucket or name
        access_key = random.RandomPassword(f"{name}-access-key", length=20, special=False, opts=child).result
        secret_key = random.RandomPassword(f"{name}-secret-key", length=40, special=False, opts=child).result
        image = ground.image(args.image)
        folders = Container(
            name="make-bucket",
            image=image,
            command=["mkdir", "-p", f"{DATA}/objects/{bucket}", f"{DATA}/versions"],
            volumes={DATA: "data"},
            cpu="50m",
            memory="64Mi",
        )
        flags = ["--port", f":{PORT}", "--health", "/health", "--region", REGION, "posix"]
        flags += ["--versioning-dir", f"{DATA}/versions", f"{DATA}/objects"]
        gateway = Container(
            name="gateway",
            image=image,
            command=["versitygw"],
            args=flags,
            secrets={"ROOT_ACCESS_KEY": access_key, "ROOT_SECRET_KEY": secret_key},
            volumes={DATA: "data"},
            ports={"s3": PORT},
            health=Health(port=PORT, path="/health"),
            cpu=args.cpu,
            memory=args.memory,
        )
        server = Server(
            name,
            ServerArgs(
                pod=Pod(containers=[gateway], first=[folders]),
                port=PORT,
                callers=args.callers,
                storage={"data": args.storage},
            ),
            ground,
            child,
        )
        self.bindings = {
            "s3": {
                "endpoint": server.url,
                "access-key-id": access_key,
                "secret-access-key": secret_key,
                "region": REGION,
                "bucket": bucket,
            }
        }
        publish(name, self.bindings, ground, child)
        self.register_outputs({"bindings": self.bindings})
