"""Workloads: the identity of a component, as an IAM role and a security group."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import pulumi
import pulumi_aws as aws

from aws_platform.naming import physical_name
from aws_platform.policies import Statement, policy


class Caller(Protocol):
    """A component that connects to another one, on any provider."""

    @property
    def name(self) -> str:
        """The calling component."""
        ...


@dataclass(frozen=True)
class Workload:
    """A component that runs on AWS. role: permissions of its code. security_group_id: limits its connections."""

    name: str
    account: str
    region: str
    role: aws.iam.Role
    security_group_id: pulumi.Output[str]
    opts: pulumi.ResourceOptions

    def allow(self, label: str, *statements: Statement) -> None:
        """Give the workload these permissions. label: their purpose, unique per workload."""
        aws.iam.RolePolicy(
            f"{self.name}-{label}",
            name=label,
            role=self.role.name,
            policy=policy(*statements),
            opts=self.opts,
        )

    def reach(
        self,
        label: str,
        port: int,
        *,
        group_id: pulumi.Input[str] | None = None,
        prefix_list_id: pulumi.Input[str] | None = None,
        cidr: pulumi.Input[str] | None = None,
    ) -> None:
        """Let it open connections to a security group, a prefix list or an address range."""
        aws.vpc.SecurityGroupEgressRule(
            f"{self.name}-to-{label}",
            security_group_id=self.security_group_id,
            description=f"{self.name} to {label}",
            ip_protocol="tcp",
            from_port=port,
            to_port=port,
            referenced_security_group_id=group_id,
            prefix_list_id=prefix_list_id,
            cidr_ipv4=cidr,
            opts=self.opts,
        )


@runtime_checkable
class FederatedCaller(Protocol):
    """A caller of another cloud, known by the subject of its Google-signed tokens."""

    @property
    def name(self) -> str:
        """The calling component."""
        ...

    @property
    def subject(self) -> pulumi.Output[str]:
        """Unique id of its service account."""
        ...


def security_group(
    name: str, description: str, vpc_id: pulumi.Input[str], opts: pulumi.ResourceOptions
) -> aws.ec2.SecurityGroup:
    """A security group without rules; each flow adds its own."""
    return aws.ec2.SecurityGroup(
        f"{name}-access",
        name=f"access-{physical_name(name, 200)}",  # a name can't begin with sg-
        description=description,
        vpc_id=vpc_id,
        revoke_rules_on_delete=True,
        opts=opts,
    )


def admit(
    name: str,
    group_id: pulumi.Input[str],
    source: str,
    port: int,
    opts: pulumi.ResourceOptions,
    *,
    source_group_id: pulumi.Input[str] | None = None,
    prefix_list_id: pulumi.Input[str] | None = None,
    cidr: pulumi.Input[str] | None = None,
) -> None:
    """Let connections to `name` in, from a security group, a prefix list or an address range."""
    aws.vpc.SecurityGroupIngressRule(
        f"{name}-from-{source}",
        security_group_id=group_id,
        description=f"{source} to {name}",
        ip_protocol="tcp",
        from_port=port,
        to_port=port,
        referenced_security_group_id=source_group_id,
        prefix_list_id=prefix_list_id,
        cidr_ipv4=cidr,
        opts=opts,
    )
