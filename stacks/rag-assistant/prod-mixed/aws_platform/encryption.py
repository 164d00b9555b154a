"""The environment's own key, which encrypts all data at rest, and the permissions to use it."""

from __future__ import annotations

import pulumi
import pulumi_aws as aws

from aws_platform.naming import physical_name
from aws_platform.policies import Statement, document
from aws_platform.zone import Zone


def customer_key(
    name: str, account: str, region: str, protect: bool, opts: pulumi.ResourceOptions
) -> aws.kms.Key:
    """Create a symmetric key that rotates yearly.

    IAM policies of the account decide who uses it; CloudWatch Logs may use it for this account's log groups.
    https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/encrypt-log-data-kms.html
    """
    root = {
        "Sid": "AccountDecides",
        "Effect": "Allow",
        "Principal": {"AWS": f"arn:aws:iam::{account}:root"},
        "Action": "kms:*",
        "Resource": "*",  # in a key's own policy: this key
    }
    logs = {
        "Sid": "Logs",
        "Effect": "Allow",
        "Principal": {"Service": f"logs.{region}.amazonaws.com"},
        "Action": ["kms:Decrypt", "kms:DescribeKey", "kms:Encrypt", "kms:GenerateDataKey*", "kms:ReEncrypt*"],
        "Resource": "*",
        "Condition": {
            "ArnLike": {"kms:EncryptionContext:aws:logs:arn": f"arn:aws:logs:{region}:{account}:log-group:*"}
        },
    }
    key = aws.kms.Key(
        f"{name}-key",
        description=f"Data of {pulumi.get_project()}, environment {pulumi.get_stack()}",
        enable_key_rotation=True,
        deletion_window_in_days=30,
        policy=document([root, logs]),
        opts=pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(protect=protect)),
    )
    alias = f"alias/{physical_name('data', 240)}"
    aws.kms.Alias(f"{name}-key-alias", name=alias, target_key_id=key.key_id, opts=opts)
    return key


def key_for_bucket(zone: Zone, bucket_arn: pulumi.Input[str], *actions: str) -> Statement:
    """Return the permission to use the key through S3, for the objects of one bucket.

    The encryption context is the bucket with S3 Bucket Keys, otherwise the object.
    https://docs.aws.amazon.com/AmazonS3/latest/userguide/UsingKMSEncryption.html#encryption-context
    """
    places = [bucket_arn, pulumi.Output.concat(bucket_arn, "/*")]
    return Statement(
        actions,
        [zone.key.arn],
        {
            "StringEquals": {"kms:ViaService": f"s3.{zone.region}.amazonaws.com"},
            "StringLike": {"kms:EncryptionContext:aws:s3:arn": places},
        },
    )


def key_for_secret(zone: Zone, secret_arn: pulumi.Input[str]) -> Statement:
    """Return the permission to decrypt one secret through Secrets Manager.

    https://docs.aws.amazon.com/secretsmanager/latest/userguide/security-encryption.html#security-encryption-encryption-context
    """
    return Statement(
        ("kms:Decrypt",),
        [zone.key.arn],
        {
            "StringEquals": {
                "kms:ViaService": f"secretsmanager.{zone.region}.amazonaws.com",
                "kms:EncryptionContext:SecretARN": secret_arn,
            }
        },
    )


def key_for_schedule(zone: Zone, schedule: str) -> Statement:
    """Return the permission to decrypt one schedule of the default group, for the role of the schedule.

    https://docs.aws.amazon.com/scheduler/latest/UserGuide/encryption-rest.html
    """
    arn = f"arn:aws:scheduler:{zone.region}:{zone.account}:schedule/default/{schedule}"
    return Statement(
        ("kms:Decrypt",),
        [zone.key.arn],
        {"StringEquals": {"kms:EncryptionContext:aws:scheduler:schedule:arn": arn}},
    )
