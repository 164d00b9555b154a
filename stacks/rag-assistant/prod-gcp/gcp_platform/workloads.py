"""Workloads: the identity of a component, as a service account and a network tag."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import pulumi
import pulumi_gcp as gcp

from gcp_platform.naming import physical_name


class Caller(Protocol):
    """A component that connects to another one, on any provider."""

    @property
    def name(self) -> str:
        """The calling component."""
        ...


class AwsRole(Protocol):
    """An IAM role of AWS, of which only the name is needed."""

    @property
    def name(self) -> pulumi.Output[str]:
        """The role's name."""
        ...


@runtime_checkable
class AwsCaller(Protocol):
    """A caller that runs on AWS, known by its account and role."""

    @property
    def name(self) -> str:
        """The calling component."""
        ...

    @property
    def account(self) -> str:
        """AWS account, 12 digits."""
        ...

    @property
    def region(self) -> str:
        """AWS region."""
        ...

    @property
    def role(self) -> AwsRole:
        """The role its code runs as."""
        ...


@dataclass(frozen=True)
class Workload:
    """A component that runs on Google Cloud. tag: network tag of its connections."""

    name: str
    project: str
    service_account: gcp.serviceaccount.Account
    tag: str
    opts: pulumi.ResourceOptions

    @property
    def email(self) -> pulumi.Output[str]:
        """Address of its service account."""
        return self.service_account.email

    @property
    def member(self) -> pulumi.Output[str]:
        """Its service account, as IAM bindings name it."""
        return pulumi.Output.concat("serviceAccount:", self.service_account.email)

    @property
    def subject(self) -> pulumi.Output[str]:
        """Unique id of its service account, which its tokens carry to other clouds."""
        return self.service_account.unique_id

    def may(self, label: str, role: pulumi.Input[str]) -> None:
        """Give the workload a role in the whole project, for services without a narrower scope."""
        gcp.projects.IAMMember(
            f"{self.name}-{label}", project=self.project, role=role, member=self.member, opts=self.opts
        )


def allow_egress(
    workload: Workload,
    label: str,
    network: pulumi.Input[str],
    ranges: Sequence[pulumi.Input[str]],
    port: int,
) -> gcp.compute.Firewall:
    """Let a workload open connections to address ranges; everything else is denied and logged."""
    return gcp.compute.Firewall(
        f"{workload.name}-to-{label}",
        name=physical_name(f"{workload.name}-to-{label}"),
        description=f"{workload.name} to {label}",
        network=network,
        direction="EGRESS",
        priority=1000,
        target_tags=[workload.tag],
        destination_ranges=list(ranges),
        allows=[gcp.compute.FirewallAllowArgs(protocol="tcp", ports=[str(port)])],
        log_config=gcp.compute.FirewallLogConfigArgs(metadata="INCLUDE_ALL_METADATA"),
        opts=workload.opts,
    )
