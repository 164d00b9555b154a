"""The environment's namespace, as an interface for components."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import pulumi_kubernetes as k8s

from kubernetes_platform.workloads import Workload


@dataclass(frozen=True, kw_only=True)
class Nodes:
    """Nodes for pods. selector, gpu_selector: labels of nodes. gpu: name of the resource. gpu_taint: key of a taint."""

    selector: Mapping[str, str] = field(default_factory=dict[str, str])
    gpu: str = "nvidia.com/gpu"
    gpu_selector: Mapping[str, str] = field(default_factory=dict[str, str])
    gpu_taint: str = "nvidia.com/gpu"


@dataclass(frozen=True, kw_only=True)
class Exposure:
    """The gateway through which clients outside the cluster connect to components.

    domain: domain of their names. gateway: <namespace>/<name>. issuer: cert-manager's ClusterIssuer.
    """

    domain: str
    gateway: str
    issuer: str | None = None

    @property
    def namespace(self) -> str:
        """Namespace of the gateway."""
        return self.gateway.partition("/")[0]

    @property
    def name(self) -> str:
        """Name of the gateway."""
        return self.gateway.partition("/")[2]


class Ground(Protocol):
    """The environment's namespace, as its components see it. deletable: whether data may be deleted."""

    namespace: str
    protect: bool
    deletable: bool
    storage_class: str | None
    pull_secret: str | None
    nodes: Nodes
    exposure: Exposure | None
    hub_ranges: Sequence[str]
    api_server_ranges: Sequence[str]

    def workload(self, name: str) -> Workload:
        """Return the identity of a component."""
        ...

    def metadata(
        self,
        component: str,
        name: str | None = None,
        part: str | None = None,
        annotations: Mapping[str, str] | None = None,
    ) -> k8s.meta.v1.ObjectMetaArgs:
        """Return metadata of a component's object: namespace, labels, annotations; Pulumi chooses a missing `name`."""
        ...

    def image(self, upstream: str) -> str:
        """Return the address from which a public image is pulled."""
        ...

    def own_image(self, name: str, tag: str) -> str:
        """Return the address of an image that the owners of the stack build."""
        ...
