"""Callers of another cloud: a role they may assume with their own identity, and no key anywhere."""

from __future__ import annotations

from collections.abc import Sequence

import pulumi
import pulumi_aws as aws

from aws_platform.naming import physical_name
from aws_platform.policies import Statement, document, policy
from aws_platform.workloads import FederatedCaller
from aws_platform.zone import Zone

ISSUER = "accounts.google.com"  # built into IAM: no identity provider has to be made for it
SESSION = "stackgen"


def assumable_role(
    name: str,
    zone: Zone,
    caller: FederatedCaller,
    statements: Sequence[Statement],
    opts: pulumi.ResourceOptions,
) -> tuple[pulumi.Output[str], str]:
    """ARN of a role that only this caller may assume, and the audience its token must name.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_iam-condition-keys.html#condition-keys-wif
    """
    audience = f"https://{physical_name(name, 200)}.{zone.account}.aws"
    statement = {
        "Effect": "Allow",
        "Action": "sts:AssumeRoleWithWebIdentity",
        "Principal": {"Federated": ISSUER},
        "Condition": {"StringEquals": {f"{ISSUER}:sub": caller.subject, f"{ISSUER}:oaud": audience}},
    }
    role = aws.iam.Role(
        f"{name}-from-{caller.name}",
        name=physical_name(f"{name}-caller", 64),
        description=f"Lets {caller.name}, on another cloud, call {name}",
        assume_role_policy=document([statement]),
        opts=opts,
    )
    aws.iam.RolePolicy(f"{name}-from-{caller.name}", role=role.name, policy=policy(*statements), opts=opts)
    return role.arn, audience
