"""The landing zone, as an interface for components."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

import pulumi
import pulumi_gcp as gcp

from gcp_platform.network import Network
from gcp_platform.workloads import Workload


class Zone(Protocol):
    """The landing zone of an environment."""

    project: str
    region: str
    protect: bool
    deletable: bool
    egress: Mapping[str, str]
    backup_retention: int

    @property
    def network(self) -> Network:
        """The network in which workloads run."""
        ...

    @property
    def key_id(self) -> pulumi.Output[str]:
        """The environment's own key."""
        ...

    def workload(self, name: str) -> Workload:
        """Return the identity of a component."""
        ...

    def grant_key(self, service: str) -> pulumi.Resource:
        """Let a Google service use the environment's key; resources that it encrypts depend on the result."""
        ...

    def may_predict(self) -> pulumi.Output[str]:
        """Return a role that may call models, and nothing else."""
        ...

    def trusts_aws(self, account: str) -> gcp.iam.WorkloadIdentityPoolProvider:
        """Return a provider of identities for the roles of one AWS account."""
        ...

    def access_log_bucket(self) -> gcp.storage.Bucket:
        """Return the bucket for access logs of other buckets."""
        ...

    def image(self, upstream: str) -> str:
        """Return the address from which a public image is pulled."""
        ...
