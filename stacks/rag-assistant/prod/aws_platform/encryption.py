"""The environment's own key: everything at rest is encrypted with it."""

from __future__ import annotations

import pulumi
import pulumi_aws as aws

from aws_platform.naming import physical_name
from aws_platform.policies import document


def customer_key(
    name: str, account: str, region: str, protect: bool, opts: pulumi.ResourceOptions
) -> aws.kms.Key:
    """A symmetric key that rotates yearly.

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
