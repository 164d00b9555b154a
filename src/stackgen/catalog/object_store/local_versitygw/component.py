"""The S3 API over a folder of this machine."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pulumi

from contract_bindings import Bindings, S3Binding
from local_provider import (
    DataDirectory,
    GoBinary,
    Health,
    Password,
    Port,
    Process,
    ProcessArgs,
    PythonEnvironment,
    Step,
)
from local_provider.workspace import Workspace

FILES = Path(__file__).parent / "files" / "local_versitygw"
PACKAGE = "github.com/versity/versitygw/cmd/versitygw"
REGION = "local"  # for us-east-1, clients would presign with the old signature, which the gateway refuses


@dataclass(frozen=True, kw_only=True)
class LocalVersitygwArgs:
    """bucket: name of the bucket; the component's name if absent."""

    workspace: Workspace
    bucket: str | None = None
    port: int | None = None


class LocalVersitygw(pulumi.ComponentResource):
    """A bucket with versioning; objects are files below the data folder, their metadata beside them."""

    bindings: Bindings

    def __init__(
        self, name: str, args: LocalVersitygwArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("stackgen:object_store:LocalVersitygw", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        kept = pulumi.ResourceOptions(parent=self, protect=args.workspace.protect)
        directory, bucket = args.workspace.directory, args.bucket or name
        data = DataDirectory(f"{name}-data", path=f"{args.workspace.root}/data/{name}", opts=kept).path
        program = GoBinary(f"{name}-binary", lock=FILES, package=PACKAGE, opts=child).path
        client = PythonEnvironment(
            f"{name}-client", requirements=(FILES / "requirements.txt").read_text(), opts=child
        ).path
        access_key = Password(f"{name}-access-key", length=20, opts=kept).value
        secret_key = Password(f"{name}-secret-key", length=40, opts=kept).value
        number = Port(f"{name}-port", preferred=args.port, opts=child).number.apply(str)
        address = pulumi.Output.concat("127.0.0.1:", number)
        endpoint = pulumi.Output.concat("http://", address)
        flags = ["--port", address, "--health", "/health", "--region", REGION, "posix"]
        flags += ["--sidecar", pulumi.Output.concat(data, "/metadata")]
        flags += ["--versioning-dir", pulumi.Output.concat(data, "/versions")]
        binding: S3Binding = {
            "endpoint": endpoint,
            "access-key-id": access_key,
            "secret-access-key": secret_key,
            "region": REGION,
            "bucket": bucket,
        }
        folders = [f"/{part}" for part in (f"objects/{bucket}", "metadata", "versions")]
        Process(
            name,
            ProcessArgs(
                workspace=directory,
                data=[data],
                command=[program, *flags, pulumi.Output.concat(data, "/objects")],
                secrets={"ROOT_ACCESS_KEY": access_key, "ROOT_SECRET_KEY": secret_key},
                files={"enable_versioning.py": (FILES / "enable_versioning.py").read_text()},
                prepare=[
                    Step(
                        command=[
                            "/bin/mkdir",
                            "-p",
                            *(pulumi.Output.concat(data, folder) for folder in folders),
                        ]
                    )
                ],
                health=Health(http=pulumi.Output.concat(endpoint, "/health")),
                finish=[
                    Step(
                        command=[pulumi.Output.concat(client, "/bin/python"), "enable_versioning.py"],
                        secrets={
                            "AWS_ENDPOINT_URL_S3": endpoint,
                            "AWS_ACCESS_KEY_ID": access_key,
                            "AWS_SECRET_ACCESS_KEY": secret_key,
                            "AWS_DEFAULT_REGION": REGION,
                            "S3_BUCKET": bucket,
                        },
                    )
                ],
            ),
            child,
        )
        self.bindings = {"s3": binding}
        self.register_outputs({"bindings": self.bindings})
