"""The landing zone, as an interface for components."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

import pulumi
import pulumi_aws as aws

from aws_platform.endpoints import Endpoints
from aws_platform.network import Network
from aws_platform.service_network import ServiceNetwork
from aws_platform.workloads import Workload


class Zone(Protocol):
    """The landing zone of an environment."""

    account: str
    region: str
    protect: bool
    deletable: bool
    backup_retention: int
    peers: Sequence[str]
    egress: Mapping[str, str]

    @property
    def key(self) -> aws.kms.Key:
        """The environment's own key."""
        ...

    @property
    def network(self) -> Network:
        """The network in which workloads run."""
        ...

    @property
    def endpoints(self) -> Endpoints:
        """Private endpoints of AWS's own services."""
        ...

    @property
    def services(self) -> ServiceNetwork:
        """HTTPS between components."""
        ...

    @property
    def cluster(self) -> aws.ecs.Cluster:
        """The cluster in which containers run."""
        ...

    def workload(self, name: str) -> Workload:
        """Return the identity of a component."""
        ...

    def log_group(self, name: str, opts: pulumi.ResourceOptions) -> aws.cloudwatch.LogGroup:
        """Create the log group of a component."""
        ...

    def access_log_bucket(self) -> aws.s3.Bucket:
        """Return the bucket for access logs of other buckets."""
        ...

    def image(self, upstream: str) -> str:
        """Return the address from which a public image is pulled."""
        ...
