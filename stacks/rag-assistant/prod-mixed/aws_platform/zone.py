"""What components need of the ground they stand on."""

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
    """The landing zone, as its components see it."""

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
        """Where workloads run."""
        ...

    @property
    def endpoints(self) -> Endpoints:
        """Private ways to AWS's own services."""
        ...

    @property
    def services(self) -> ServiceNetwork:
        """HTTPS between components."""
        ...

    @property
    def cluster(self) -> aws.ecs.Cluster:
        """Where containers run."""
        ...

    def workload(self, name: str) -> Workload:
        """Who a component is."""
        ...

    def log_group(self, name: str, opts: pulumi.ResourceOptions) -> aws.cloudwatch.LogGroup:
        """Where a component's logs go."""
        ...

    def access_log_bucket(self) -> aws.s3.Bucket:
        """Where buckets log who read and wrote them."""
        ...

    def image(self, upstream: str) -> str:
        """Where a public image is taken from."""
        ...
