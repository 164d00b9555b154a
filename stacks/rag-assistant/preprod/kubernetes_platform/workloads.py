"""Workloads: the identity of a component, as a service account and a label of its pods."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import pulumi
import pulumi_kubernetes as k8s

from kubernetes_platform.naming import WORKLOAD


class Caller(Protocol):
    """A component that connects to another one, on any provider."""

    @property
    def name(self) -> str:
        """The calling component."""
        ...


@dataclass(frozen=True)
class Workload:
    """A component that runs in the namespace. service_account: account of its pods."""

    name: str
    service_account: k8s.core.v1.ServiceAccount

    @property
    def account_name(self) -> pulumi.Output[str]:
        """Name of its service account, which may do nothing and has no token in its pods."""
        return self.service_account.metadata.apply(lambda metadata: str(metadata.name))


def in_cluster(callers: Sequence[Caller]) -> list[Workload]:
    """Return the callers as workloads of this namespace; raises ValueError for a caller from elsewhere.

    Addresses of the namespace's services mean nothing outside the cluster.
    """
    strangers = [caller.name for caller in callers if not isinstance(caller, Workload)]
    if strangers:
        raise ValueError(
            f"{', '.join(strangers)} can't reach a service of this cluster: not in its namespace"
        )
    return [caller for caller in callers if isinstance(caller, Workload)]


def pods_of(name: str) -> k8s.meta.v1.LabelSelectorArgs:
    """Return the selector of a component's pods."""
    return k8s.meta.v1.LabelSelectorArgs(match_labels={WORKLOAD: name})
