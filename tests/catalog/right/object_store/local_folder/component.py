"""A folder that speaks S3."""

from __future__ import annotations

from dataclasses import dataclass

import pulumi

from contract_bindings import Bindings
from local_provider import Password, Port
from local_provider.workspace import Workspace


@dataclass(frozen=True, kw_only=True)
class LocalFolderArgs:
    """bucket: name of the bucket; the component's name if absent."""

    workspace: Workspace
    bucket: str | None = None
    port: int | None = None
    region: str


class LocalFolder(pulumi.ComponentResource):
    """A bucket."""

    bindings: Bindings

    def __init__(self, name: str, args: LocalFolderArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("stackgen:object_store:LocalFolder", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        port = Port(f"{name}-port", preferred=args.port, opts=child).number.apply(str)
        key = Password(f"{name}-key", opts=child).value
        self.bindings = {
            "s3": {
                "endpoint": pulumi.Output.concat("http://127.0.0.1:", port),
                "access-key-id": key,
                "secret-access-key": key,
                "region": args.region,
                "bucket": args.bucket or name,
            }
        }
        self.register_outputs({"bindings": self.bindings})
