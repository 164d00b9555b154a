"""SeaweedFS: S3 over volume files, in one process of this machine."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pulumi

from contract_bindings import Bindings
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
from local_provider.certificate import CERTIFICATE, KEY, Certificate
from local_provider.workspace import Workspace

FILES = Path(__file__).parent / "files" / "local_seaweedfs"
REGION = "local"
SOCKET = "/tmp/seaweedfs-{part}-grpc-"  # noqa: S108 - SeaweedFS has no flag for it
SIGNED = ("jwt.signing", "jwt.signing.read", "jwt.filer_signing", "jwt.filer_signing.read")
SHARED = (
    "grpc.master",
    "grpc.volume",
    "grpc.filer",
    "grpc.s3",
    "grpc.client",
    "https.master",
    "https.volume",
)


@dataclass(frozen=True, kw_only=True)
class LocalSeaweedfsArgs:
    """bucket: name of the bucket; the component's name if absent. volume_size: MB."""

    workspace: Workspace
    bucket: str | None = None
    volume_size: int
    port: int | None = None


class LocalSeaweedfs(pulumi.ComponentResource):
    """A bucket with versioning."""

    bindings: Bindings

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
        certificate = Certificate(f"{name}-certificate", opts=child)
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
            "filer.localSocket": "filer.sock",
            "s3": "true",
            "s3.config": "identities.json",
            "s3.localSocket": "s3.sock",
            "s3.port.iceberg": "0",
            "s3.port.lance": "0",
            "s3.iam": "false",
            "s3.allowedOrigins": "",
        }
        flags: list[Any] = [f"-{key}={value}" for key, value in fixed.items()]
        flags += [pulumi.Output.concat("-dir=", data), pulumi.Output.concat("-s3.port=", number)]
        sockets: list[pulumi.Output[str]] = []
        for part in ("master", "volume", "filer", "s3"):
            for kind in ("port", "port.grpc") if part != "s3" else ("port.grpc",):
                inner = Port(f"{name}-{part}-{kind.replace('.', '-')}", opts=child).number.apply(str)
                flags.append(pulumi.Output.concat(f"-{part}.{kind}=", inner))
                if kind == "port.grpc":
                    sockets.append(pulumi.Output.concat(SOCKET.format(part=part), inner, ".sock"))
        identities = pulumi.Output.all(access_key, secret_key).apply(_identities)
        Process(
            name,
            ProcessArgs(
                workspace=args.workspace.directory,
                data=[data],
                command=[pulumi.Output.concat(python, "/bin/weed"), "-logtostderr=true", "server", *flags],
                files={"prepare_bucket.py": (FILES / "prepare_bucket.py").read_text()},
                secret_files={
                    **certificate.files(),
                    "identities.json": identities,
                    "security.toml": signing_key.apply(_security),
                },
                sockets=sockets,
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


def _security(signing_key: str) -> str:
    """security.toml: volumes ask for a token that master or filer signed; all but S3 asks for the certificate.

    https://github.com/seaweedfs/seaweedfs/blob/master/weed/command/scaffold/security.toml
    """
    pair = {"cert": CERTIFICATE, "key": KEY, "ca": CERTIFICATE}
    sections: dict[str, dict[str, str | bool]] = {
        "grpc": {"ca": CERTIFICATE},
        "https.client": {"enabled": True, **pair},
        **{name: {**pair} for name in SHARED},
        **{name: {"key": signing_key} for name in SIGNED},
    }
    text = ""
    for name, values in sections.items():
        text += f"[{name}]\n" + "".join(f"{key} = {json.dumps(value)}\n" for key, value in values.items())
    return text
