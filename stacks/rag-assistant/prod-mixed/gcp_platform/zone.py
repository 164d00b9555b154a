"""What components need of the ground they stand on."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

import pulumi
import pulumi_gcp as gcp

from gcp_platform.network import Network
from gcp_platform.workloads import Workload


class Zone(Protocol):
    """The landing zone, as its components see it."""

    project: str
    region: str
    protect: bool
    deletable: bool
    egress: Mapping[str, str]
    backup_retention: int

    @property
    def network(self) -> Network:
        """Where workloads run."""
        ...

    @property
    def key_id(self) -> pulumi.Output[str]:
        """The environment's own key."""
        ...

    def workload(self, name: str) -> Workload:
        """Who a component is."""
        ...

    def encrypted_by(self, service: str) -> pulumi.Resource:
        """Lets a Google service use the environment's key; what it encrypts depends on this."""
        ...

    def may_predict(self) -> pulumi.Output[str]:
        """A role that may call models, and nothing else."""
        ...

    def trusts_aws(self, account: str) -> gcp.iam.WorkloadIdentityPoolProvider:
        """A provider of identities for roles of one AWS account."""
        ...

    def access_log_bucket(self) -> gcp.storage.Bucket:
        """Where buckets log who read and wrote them."""
        ...

    def image(self, upstream: str) -> str:
        """Where a public image is taken from."""
        ...
