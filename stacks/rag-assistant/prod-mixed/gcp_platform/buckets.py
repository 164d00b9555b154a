"""Cloud Storage buckets: private, encrypted with the environment's key, versioned, logged."""

from __future__ import annotations

import pulumi
import pulumi_gcp as gcp

from gcp_platform.naming import bucket_name
from gcp_platform.zone import Zone

DAY = 86400  # seconds
RESTORABLE = 30  # days in which a deleted version can be restored, and no workload can remove it; 90 at most


def data_bucket(
    name: str, zone: Zone, opts: pulumi.ResourceOptions, called: str | None = None
) -> gcp.storage.Bucket:
    """Create a bucket for data; old versions are kept for 90 days. called: name in its address, if not `name`.

    A workload that may overwrite an object may delete its old versions too, so deletions can be undone for a while.
    https://cloud.google.com/storage/docs/soft-delete
    """
    encrypted = zone.grant_key("storage.googleapis.com")
    return gcp.storage.Bucket(
        f"{name}-bucket",
        name=bucket_name(zone.project, called or name),
        location=zone.region.upper(),
        uniform_bucket_level_access=True,
        public_access_prevention="enforced",
        force_destroy=zone.deletable,
        versioning=gcp.storage.BucketVersioningArgs(enabled=True),
        encryption=gcp.storage.BucketEncryptionArgs(default_kms_key_name=zone.key_id),
        logging=gcp.storage.BucketLoggingArgs(
            log_bucket=zone.access_log_bucket().name, log_object_prefix=name
        ),
        soft_delete_policy=gcp.storage.BucketSoftDeletePolicyArgs(
            retention_duration_seconds=RESTORABLE * DAY
        ),
        lifecycle_rules=[
            _rule(
                "Delete",
                gcp.storage.BucketLifecycleRuleConditionArgs(
                    days_since_noncurrent_time=90, with_state="ARCHIVED"
                ),
            ),
            _rule("AbortIncompleteMultipartUpload", gcp.storage.BucketLifecycleRuleConditionArgs(age=7)),
        ],
        opts=pulumi.ResourceOptions.merge(
            opts, pulumi.ResourceOptions(protect=zone.protect, depends_on=[encrypted])
        ),
    )


def log_bucket(name: str, zone: Zone, opts: pulumi.ResourceOptions) -> gcp.storage.Bucket:
    """Create a bucket to which Cloud Storage delivers access logs.

    https://cloud.google.com/storage/docs/access-logs
    """
    encrypted = zone.grant_key("storage.googleapis.com")
    bucket = gcp.storage.Bucket(
        f"{name}-bucket",
        name=bucket_name(zone.project, name),
        location=zone.region.upper(),
        uniform_bucket_level_access=True,
        public_access_prevention="enforced",
        force_destroy=zone.deletable,
        versioning=gcp.storage.BucketVersioningArgs(enabled=True),
        encryption=gcp.storage.BucketEncryptionArgs(default_kms_key_name=zone.key_id),
        lifecycle_rules=[_rule("Delete", gcp.storage.BucketLifecycleRuleConditionArgs(age=365))],
        opts=pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(depends_on=[encrypted])),
    )
    gcp.storage.BucketIAMMember(
        f"{name}-delivery",
        bucket=bucket.name,
        role="roles/storage.objectCreator",
        member="group:cloud-storage-analytics@google.com",
        opts=opts,
    )
    return bucket


def _rule(
    action: str, condition: gcp.storage.BucketLifecycleRuleConditionArgs
) -> gcp.storage.BucketLifecycleRuleArgs:
    return gcp.storage.BucketLifecycleRuleArgs(
        action=gcp.storage.BucketLifecycleRuleActionArgs(type=action), condition=condition
    )


def open_to(
    name: str, bucket: gcp.storage.Bucket, who: str, member: pulumi.Input[str], opts: pulumi.ResourceOptions
) -> None:
    """Let a member read, write and list one bucket, and nothing else. who: the member's name in resource names."""
    for label, role in (
        ("objects", "roles/storage.objectUser"),
        ("list", "roles/storage.legacyBucketReader"),
    ):
        gcp.storage.BucketIAMMember(
            f"{name}-{label}-{who}", bucket=bucket.name, role=role, member=member, opts=opts
        )
