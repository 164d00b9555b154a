"""A bucket of Amazon S3."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pulumi

from aws_platform.buckets import data_bucket, open_to
from aws_platform.workloads import Caller
from aws_platform.zone import Zone
from contract_bindings import Bindings


@dataclass(frozen=True, kw_only=True)
class AwsS3Args:
    """bucket: first part of the bucket's name, which S3 makes unique; the component's name if absent."""

    aws: Zone
    callers: Sequence[Caller] = ()
    bucket: str | None = None


class AwsS3(pulumi.ComponentResource):
    """A private, versioned bucket; workloads use it by their role, so there are no keys."""

    bindings: Bindings

    def __init__(self, name: str, args: AwsS3Args, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("stackgen:object_store:AwsS3", name, None, opts)
        bucket = data_bucket(name, args.aws, pulumi.ResourceOptions(parent=self), args.bucket)
        open_to(name, bucket, args.aws, args.callers)
        self.bindings = {
            "s3": {
                "endpoint": f"https://s3.{args.aws.region}.amazonaws.com",
                "region": args.aws.region,
                "bucket": bucket.bucket,
            }
        }
        self.register_outputs({"bindings": self.bindings})
