"""A bucket of Cloud Storage, through its S3 interoperability."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pulumi
import pulumi_gcp as gcp

from contract_bindings import Bindings
from gcp_platform.buckets import data_bucket, open_to
from gcp_platform.workloads import Caller
from gcp_platform.zone import Zone


@dataclass(frozen=True, kw_only=True)
class GcpCloudStorageArgs:
    """bucket: last part of the bucket's name; the component's name if absent."""

    gcp: Zone
    callers: Sequence[Caller] = ()
    bucket: str | None = None


class GcpCloudStorage(pulumi.ComponentResource):
    """A private, versioned bucket with a key for S3 clients, which can use this bucket and nothing else."""

    bindings: Bindings

    def __init__(
        self, name: str, args: GcpCloudStorageArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("stackgen:object_store:GcpCloudStorage", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        bucket = data_bucket(name, args.gcp, child, args.bucket)
        # S3 clients sign with a key, and only service accounts have keys that sign as S3 does
        holder = args.gcp.workload(name)
        open_to(name, bucket, "clients", holder.member, child)
        key = gcp.storage.HmacKey(f"{name}-key", service_account_email=holder.email, opts=child)
        self.bindings = {
            "s3": {
                "endpoint": "https://storage.googleapis.com",
                "access-key-id": pulumi.Output.secret(key.access_id),
                "secret-access-key": key.secret,
                "region": args.gcp.region,
                "bucket": bucket.name,
            }
        }
        self.register_outputs({"bindings": self.bindings})
