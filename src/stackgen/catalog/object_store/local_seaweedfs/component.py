"""SeaweedFS: S3 over volume files, in one process of this machine."""

from __future__ import annotations

import json
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
)
from local_provider.workspace import Workspace

FILES = Path(__file__).parent / "files" / "local_seaweedfs"
REGION = "local"
# Volumes answer only who carries a token that the master or the filer has signed.
SECURITY = """\
[jwt.signing]
key = "{key}"
[jwt.signing.read]
key = "{key}"
[jwt.filer_signing]
key = "{key}"
[jwt.filer_signing.read]
key = "{key}"
"""


@dataclass(frozen=True, kw_only=True)
class LocalSeaweedfsArgs:
    """bucket: name of the bucket; the component's name if absent. volume_size: MB."""

    workspace: Workspace
    bucket: str | None = None
    volume_size: int = 1024
    port: int | None = None


class LocalSeaweedfs(pulumi.ComponentResource):
    """A bucket with versioning."""

    bindings: dict[str, dict[str, pulumi.Input[Any]]]

    def __init__(
        self, name: str, args: LocalSeaweedfsArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("stackgen:object_store:LocalSeaweedfs", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        kept = pulumi.ResourceOptions(parent=self, protect=args.workspace.protect)
        bucket = args.bucket or name
        data = DataDirectory(
            f"{name}-data", path=f"{args.workspace.root}/data/{name}/seaweedfs", opts=kept
        ).path
        python = PythonEnvironment(
            f"{name}-binary", requirements=(FILES / "requirements.txt").read_text(), opts=child
        ).path
        client = PythonEnvironment(
            f"{name}-client", requirements=(FILES / "client.txt").read_text(), opts=child
        ).path
        access_key = Password(f"{name}-access-key", length=20, opts=kept).value
        secret_key = Password(f"{name}-secret-key", length=40, opts=kept).value
        signing_key = Password(f"{name}-signing-key", opts=kept).value
        number = Port(f"{name}-port", preferred=args.port, opts=child).number.apply(str)
        endpoint = pulumi.Output.concat("http://127.0.0.1:", number)
        fixed = {
            "ip": "127.0.0.1",
            "ip.bind": "127.0.0.1",
            "master.volumeSizeLimitMB": str(args.volume_size),
            "master.telemetry": "false",
            "volume.max": "200",
            "filer": "true",
            "filer.disableHttp": "true",
            "s3": "true",
            "s3.config": "identities.json",
            "s3.port.iceberg": "0",
            "s3.port.lance": "0",
            "s3.iam": "false",
        }
        flags: list[Any] = [f"-{key}={value}" for key, value in fixed.items()]
        flags += [pulumi.Output.concat("-dir=", data), pulumi.Output.concat("-s3.port=", number)]
        for part in ("master", "volume", "filer", "s3"):
            for kind in ("port", "port.grpc") if part != "s3" else ("port.grpc",):
                inner = Port(f"{name}-{part}-{kind.replace('.', '-')}", opts=child).number
                flags.append(pulumi.Output.concat(f"-{part}.{kind}=", inner.apply(str)))
        identities = pulumi.Output.all(access_key, secret_key).apply(_identities)
        Process(
            name,
            ProcessArgs(
                workspace=args.workspace.directory,
                command=[pulumi.Output.concat(python, "/bin/weed"), "-logtostderr=true", "server", *flags],
                files={"prepare_bucket.py": (FILES / "prepare_bucket.py").read_text()},
                secret_files={
                    "identities.json": identities,
                    "security.toml": signing_key.apply(lambda key: SECURITY.format(key=key)),
                },
                health=Health(http=pulumi.Output.concat(endpoint, "/healthz")),
                finish=[
                    Step(
                        command=[pulumi.Output.concat(client, "/bin/python"), "prepare_bucket.py"],
                        secrets={
                            "AWS_ENDPOINT_URL_S3": endpoint,
                            "AWS_ACCESS_KEY_ID": access_key,
                            "AWS_SECRET_ACCESS_KEY": secret_key,
                            "AWS_DEFAULT_REGION": REGION,
                            "S3_BUCKET": bucket,
                        },
                    )
                ],
                stop_timeout=30,
            ),
            child,
        )
        self.bindings = {
            "s3": {
                "endpoint": endpoint,
                "access-key-id": access_key,
                "secret-access-key": secret_key,
                "region": REGION,
                "bucket": bucket,
            }
        }
        self.register_outputs({"bindings": self.bindings})


def _identities(keys: list[str]) -> str:
    """The one identity there is (https://github.com/seaweedfs/seaweedfs/wiki/Amazon-S3-API)."""
    access_key, secret_key = keys
    owner = {
        "name": "stackgen",
        "credentials": [{"accessKey": access_key, "secretKey": secret_key}],
        "actions": ["Admin", "Read", "Write", "List", "Tagging"],
    }
    return json.dumps({"identities": [owner]}, indent=1)
