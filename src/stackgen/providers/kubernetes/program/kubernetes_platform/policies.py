"""Network policies: every connection that they do not allow is denied.

https://kubernetes.io/docs/concepts/services-networking/network-policies/
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal

import pulumi
import pulumi_kubernetes as k8s

from kubernetes_platform.ground import Ground
from kubernetes_platform.naming import bound_name
from kubernetes_platform.workloads import Caller, in_cluster, pods_of

NAMESPACE_LABEL = "kubernetes.io/metadata.name"  # every namespace has it, set by the API server
Peers = Sequence[k8s.networking.v1.NetworkPolicyPeerArgs]


def deny_all(name: str, metadata: k8s.meta.v1.ObjectMetaArgs, opts: pulumi.ResourceOptions) -> None:
    """Deny all connections to and from every pod of the namespace."""
    k8s.networking.v1.NetworkPolicy(
        f"{name}-deny-all",
        metadata=metadata,
        spec=k8s.networking.v1.NetworkPolicySpecArgs(
            pod_selector=k8s.meta.v1.LabelSelectorArgs(), policy_types=["Ingress", "Egress"]
        ),
        opts=opts,
    )


def allow_dns(name: str, metadata: k8s.meta.v1.ObjectMetaArgs, opts: pulumi.ResourceOptions) -> None:
    """Let every pod use the cluster's DNS."""
    port = k8s.networking.v1.NetworkPolicyPortArgs
    k8s.networking.v1.NetworkPolicy(
        f"{name}-dns",
        metadata=metadata,
        spec=k8s.networking.v1.NetworkPolicySpecArgs(
            pod_selector=k8s.meta.v1.LabelSelectorArgs(),
            policy_types=["Egress"],
            egress=[
                k8s.networking.v1.NetworkPolicyEgressRuleArgs(
                    to=[_pods_elsewhere("kube-system", {"k8s-app": "kube-dns"})],
                    ports=[port(port=53, protocol="UDP"), port(port=53, protocol="TCP")],
                )
            ],
        ),
        opts=opts,
    )


def admit(
    target: str, ports: Sequence[int], callers: Sequence[Caller], ground: Ground, opts: pulumi.ResourceOptions
) -> None:
    """Let callers connect to a component's ports: allow it at their pods and at its own."""
    found = in_cluster(callers)
    if not found:
        return
    peers = [k8s.networking.v1.NetworkPolicyPeerArgs(pod_selector=pods_of(item.name)) for item in found]
    allow(f"{target}.from.callers", target, "Ingress", peers, ports, ground, opts)
    here = [k8s.networking.v1.NetworkPolicyPeerArgs(pod_selector=pods_of(target))]
    for item in found:
        allow(f"{item.name}.to.{target}", item.name, "Egress", here, ports, ground, opts, owner=target)


def allow(
    name: str,
    component: str,
    direction: Literal["Ingress", "Egress"],
    peers: Peers,
    ports: Sequence[int],
    ground: Ground,
    opts: pulumi.ResourceOptions,
    *,
    owner: str | None = None,
) -> None:
    """Create one policy: a component's pods, to or from peers, on TCP ports. owner: component of the object."""
    rule_ports = [k8s.networking.v1.NetworkPolicyPortArgs(port=port, protocol="TCP") for port in ports]
    ingress = [k8s.networking.v1.NetworkPolicyIngressRuleArgs(from_=list(peers), ports=rule_ports)]
    egress = [k8s.networking.v1.NetworkPolicyEgressRuleArgs(to=list(peers), ports=rule_ports)]
    k8s.networking.v1.NetworkPolicy(
        name,
        metadata=ground.metadata(owner or component, bound_name(name, 253)),
        spec=k8s.networking.v1.NetworkPolicySpecArgs(
            pod_selector=pods_of(component),
            policy_types=[direction],
            ingress=ingress if direction == "Ingress" else None,
            egress=egress if direction == "Egress" else None,
        ),
        opts=opts,
    )


def within(component: str, ports: Sequence[int], ground: Ground, opts: pulumi.ResourceOptions) -> None:
    """Let pods of one component connect to each other: replicas of a database, parts of one service."""
    own = [k8s.networking.v1.NetworkPolicyPeerArgs(pod_selector=pods_of(component))]
    allow(f"{component}.within.in", component, "Ingress", own, ports, ground, opts)
    allow(f"{component}.within.out", component, "Egress", own, ports, ground, opts)


def reach_addresses(
    component: str,
    label: str,
    ranges: Sequence[str],
    ports: Sequence[int],
    ground: Ground,
    opts: pulumi.ResourceOptions,
) -> None:
    """Let a component open connections to address ranges outside the cluster."""
    peers = [
        k8s.networking.v1.NetworkPolicyPeerArgs(ip_block=k8s.networking.v1.IPBlockArgs(cidr=cidr))
        for cidr in ranges
    ]
    allow(f"{component}.to.{label}", component, "Egress", peers, ports, ground, opts)


def admit_namespace(
    component: str,
    namespace: str,
    ports: Sequence[int],
    ground: Ground,
    opts: pulumi.ResourceOptions,
    pods: Mapping[str, str] | None = None,
) -> None:
    """Let pods of another namespace, such as an operator's, connect to a component."""
    allow(
        f"{component}.from.{namespace}",
        component,
        "Ingress",
        [_pods_elsewhere(namespace, pods)],
        ports,
        ground,
        opts,
    )


def reach_namespace(
    component: str,
    namespace: str,
    ports: Sequence[int],
    ground: Ground,
    opts: pulumi.ResourceOptions,
    pods: Mapping[str, str] | None = None,
) -> None:
    """Let a component connect to pods of another namespace, such as a storage system's."""
    peers = [_pods_elsewhere(namespace, pods)]
    allow(f"{component}.to.{namespace}", component, "Egress", peers, ports, ground, opts)


def _pods_elsewhere(
    namespace: str, pods: Mapping[str, str] | None
) -> k8s.networking.v1.NetworkPolicyPeerArgs:
    return k8s.networking.v1.NetworkPolicyPeerArgs(
        namespace_selector=k8s.meta.v1.LabelSelectorArgs(match_labels={NAMESPACE_LABEL: namespace}),
        pod_selector=k8s.meta.v1.LabelSelectorArgs(match_labels=dict(pods)) if pods else None,
    )
