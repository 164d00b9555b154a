"""S3 buckets: private, encrypted with the environment's key, versioned, TLS only, logged."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pulumi
import pulumi_aws as aws

from aws_platform.encryption import key_for_bucket
from aws_platform.naming import physical_name
from aws_platform.policies import Statement, document
from aws_platform.workloads import Workload
from aws_platform.zone import Zone

PREFIX_LIMIT = 37  # S3 adds 26 characters of its own
# no s3:DeleteObjectVersion: what a caller deletes or overwrites stays a version until the lifecycle removes it
OBJECTS = (
    "s3:AbortMultipartUpload",
    "s3:DeleteObject",
    "s3:GetObject",
    "s3:GetObjectVersion",
    "s3:ListMultipartUploadParts",
    "s3:PutObject",
)
LISTS = ("s3:GetBucketLocation", "s3:ListBucket", "s3:ListBucketMultipartUploads", "s3:ListBucketVersions")


def data_bucket(
    name: str, zone: Zone, opts: pulumi.ResourceOptions, called: str | None = None
) -> aws.s3.Bucket:
    """Create a bucket for data; old versions are kept for 90 days. called: name in its address, if not `name`."""
    kept = pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(protect=zone.protect))
    bucket = _bucket(name, zone.deletable, kept, called)
    _closed(name, bucket, opts)
    rule = aws.s3.BucketServerSideEncryptionConfigurationRuleArgs(
        apply_server_side_encryption_by_default=aws.s3.BucketServerSideEncryptionConfigurationRuleApplyServerSideEncryptionByDefaultArgs(
            sse_algorithm="aws:kms", kms_master_key_id=zone.key.arn
        ),
        bucket_key_enabled=True,
    )
    aws.s3.BucketServerSideEncryptionConfiguration(
        f"{name}-encryption", bucket=bucket.id, rules=[rule], opts=opts
    )
    logs = zone.access_log_bucket()
    aws.s3.BucketLogging(
        f"{name}-logging", bucket=bucket.id, target_bucket=logs.id, target_prefix=f"{name}/", opts=opts
    )
    _expire(name, bucket, opts, old_versions=90)
    return bucket


def log_bucket(name: str, zone: Zone, opts: pulumi.ResourceOptions) -> aws.s3.Bucket:
    """Create a bucket for access logs. S3 delivers them only to a bucket with S3's own encryption keys.

    https://docs.aws.amazon.com/AmazonS3/latest/userguide/enable-server-access-logging.html
    """
    bucket = _bucket(name, zone.deletable, opts)
    deliver = {
        "Sid": "Deliver",
        "Effect": "Allow",
        "Principal": {"Service": "logging.s3.amazonaws.com"},
        "Action": "s3:PutObject",
        "Resource": pulumi.Output.concat(bucket.arn, "/*"),
        "Condition": {"StringEquals": {"aws:SourceAccount": zone.account}},
    }
    _closed(name, bucket, opts, deliver)
    rule = aws.s3.BucketServerSideEncryptionConfigurationRuleArgs(
        apply_server_side_encryption_by_default=aws.s3.BucketServerSideEncryptionConfigurationRuleApplyServerSideEncryptionByDefaultArgs(
            sse_algorithm="AES256"
        )
    )
    aws.s3.BucketServerSideEncryptionConfiguration(
        f"{name}-encryption", bucket=bucket.id, rules=[rule], opts=opts
    )
    _expire(name, bucket, opts, old_versions=1, objects=365)
    return bucket


def _bucket(
    name: str, deletable: bool, opts: pulumi.ResourceOptions, called: str | None = None
) -> aws.s3.Bucket:
    prefix = f"{physical_name(called or name, PREFIX_LIMIT - 1)}-"
    return aws.s3.Bucket(f"{name}-bucket", bucket_prefix=prefix, force_destroy=deletable, opts=opts)


def _closed(
    name: str, bucket: aws.s3.Bucket, opts: pulumi.ResourceOptions, *statements: Mapping[str, object]
) -> None:
    """Allow no public access, no ACLs and no plain HTTP, and keep every version."""
    public = aws.s3.BucketPublicAccessBlock(
        f"{name}-private",
        bucket=bucket.id,
        block_public_acls=True,
        block_public_policy=True,
        ignore_public_acls=True,
        restrict_public_buckets=True,
        opts=opts,
    )
    aws.s3.BucketOwnershipControls(
        f"{name}-owner",
        bucket=bucket.id,
        rule=aws.s3.BucketOwnershipControlsRuleArgs(object_ownership="BucketOwnerEnforced"),
        opts=opts,
    )
    aws.s3.BucketVersioning(
        f"{name}-versions",
        bucket=bucket.id,
        versioning_configuration=aws.s3.BucketVersioningVersioningConfigurationArgs(status="Enabled"),
        opts=opts,
    )
    tls_only = {
        "Sid": "TlsOnly",
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:*",
        "Resource": [bucket.arn, pulumi.Output.concat(bucket.arn, "/*")],
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    }
    after = pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(depends_on=[public]))
    aws.s3.BucketPolicy(
        f"{name}-policy", bucket=bucket.id, policy=document([tls_only, *statements]), opts=after
    )


def _expire(
    name: str,
    bucket: aws.s3.Bucket,
    opts: pulumi.ResourceOptions,
    *,
    old_versions: int,
    objects: int | None = None,
) -> None:
    """Remove old versions, and objects if given, after so many days; remove incomplete uploads after a week."""
    rule = aws.s3.BucketLifecycleConfigurationRuleArgs(
        id="expire",
        status="Enabled",
        filter=aws.s3.BucketLifecycleConfigurationRuleFilterArgs(prefix=""),
        abort_incomplete_multipart_upload=aws.s3.BucketLifecycleConfigurationRuleAbortIncompleteMultipartUploadArgs(
            days_after_initiation=7
        ),
        noncurrent_version_expiration=aws.s3.BucketLifecycleConfigurationRuleNoncurrentVersionExpirationArgs(
            noncurrent_days=old_versions
        ),
        expiration=aws.s3.BucketLifecycleConfigurationRuleExpirationArgs(days=objects) if objects else None,
    )
    aws.s3.BucketLifecycleConfiguration(f"{name}-lifecycle", bucket=bucket.id, rules=[rule], opts=opts)


def use_of(bucket: aws.s3.Bucket, zone: Zone) -> tuple[Statement, ...]:
    """Return the permissions to read and write a bucket."""
    return (
        Statement(OBJECTS, [pulumi.Output.concat(bucket.arn, "/*")]),
        Statement(LISTS, [bucket.arn]),
        key_for_bucket(zone, bucket.arn, "kms:Decrypt", "kms:GenerateDataKey"),
    )


def open_to(name: str, bucket: aws.s3.Bucket, zone: Zone, callers: Sequence[object]) -> None:
    """Let workloads of this account read and write a bucket, and connect to S3."""
    for caller in callers:
        if isinstance(caller, Workload):
            caller.allow(f"use-{name}", *use_of(bucket, zone))
            zone.endpoints.connect_s3(caller)
