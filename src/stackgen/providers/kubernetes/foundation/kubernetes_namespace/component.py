"""The ground components in a cluster stand on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import pulumi
import pulumi_kubernetes as k8s
import pulumi_random as random

from kubernetes_platform.ground import Exposure, Nodes
from kubernetes_platform.naming import common_labels, labels_and_annotations, namespace_name
from kubernetes_platform.policies import allow_dns, deny_all
from kubernetes_platform.workloads import Workload

SECURITY = "pod-security.kubernetes.io"
DEFAULT_QUOTA = {"cpu": "64", "memory": "256Gi", "storage": "2Ti", "gpus": "8", "pods": "100"}


@dataclass(frozen=True, kw_only=True)
class KubernetesNamespaceArgs:
    """context: of the kubeconfig. labels: of everything. quota: cpu, memory, storage, gpus, pods.

    image_registry mirrors public images; registry holds the stack's own. domain, gateway (<namespace>/<name>)
    and issuer are for exposed components. hub_ranges, api_server_ranges: addresses outside the cluster.
    """

    context: str
    namespace: str | None = None
    labels: Mapping[str, str] = field(default_factory=dict[str, str])
    protect: bool
    allow_deletion: bool
    image_registry: str | None = None
    registry: str | None = None
    image_pull_secret: str | None = None
    storage_class: str | None = None
    node_selector: Mapping[str, str] = field(default_factory=dict[str, str])
    gpu_resource: str
    gpu_node_selector: Mapping[str, str] = field(default_factory=dict[str, str])
    gpu_taint: str
    domain: str | None = None
    gateway: str | None = None
    issuer: str | None = None
    hub_ranges: Sequence[str]
    api_server_ranges: Sequence[str]
    quota: Mapping[str, str] = field(default_factory=dict[str, str])


class KubernetesNamespace(pulumi.ComponentResource):
    """A namespace for one environment; nothing runs or connects in it but what is written down.

    providers: for every component here; nothing is created with anybody's current context.
    """

    def __init__(
        self, name: str, args: KubernetesNamespaceArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("stackgen:foundation:KubernetesNamespace", name, None, opts)
        self._name, self._args = name, args
        self.namespace = args.namespace or namespace_name()
        self.protect, self.deletable = args.protect, args.allow_deletion and not args.protect
        self.storage_class, self.pull_secret = args.storage_class, args.image_pull_secret
        self.hub_ranges, self.api_server_ranges = args.hub_ranges, args.api_server_ranges
        self.nodes = Nodes(
            selector=args.node_selector,
            gpu=args.gpu_resource,
            gpu_selector=args.gpu_node_selector,
            gpu_taint=args.gpu_taint,
        )
        self.exposure: Exposure | None = None
        if args.domain and args.gateway:
            self.exposure = Exposure(domain=args.domain, gateway=args.gateway, issuer=args.issuer)
        self._labels, self._annotations = labels_and_annotations(dict(args.labels))
        own = pulumi.ResourceOptions(parent=self)
        provider = k8s.Provider(
            f"{name}-cluster",
            context=args.context,
            cluster_identifier=args.context,
            enable_server_side_apply=True,
            enable_patch_force=True,  # what was edited by hand is put right by the next `up`
            opts=own,
        )
        self.providers: Mapping[str, pulumi.ProviderResource] = {
            "kubernetes": provider,
            "random": random.Provider(f"{name}-random", opts=own),
        }
        first = pulumi.ResourceOptions(parent=self, provider=provider)
        space = k8s.core.v1.Namespace(
            name,
            metadata=self._namespace_metadata(),
            opts=pulumi.ResourceOptions.merge(first, pulumi.ResourceOptions(protect=args.protect)),
        )
        self._child = pulumi.ResourceOptions(parent=self, provider=provider, depends_on=[space])
        self._limits()
        deny_all(name, self.metadata(name, "deny-all"), self._child)
        allow_dns(name, self.metadata(name, "allow-dns"), self._child)
        self._workloads: dict[str, Workload] = {}
        self.register_outputs({"namespace": self.namespace})

    def _namespace_metadata(self) -> k8s.meta.v1.ObjectMetaArgs:
        """The API server itself refuses pods that break the restricted standard.

        https://kubernetes.io/docs/concepts/security/pod-security-admission/
        """
        security = {f"{SECURITY}/{mode}": "restricted" for mode in ("enforce", "audit", "warn")}
        metadata = self.metadata(self._name, self.namespace)
        metadata.namespace = None
        metadata.labels = {**self._labels, **common_labels(self._name, "namespace"), **security}
        return metadata

    def _limits(self) -> None:
        """What the namespace may take in all, and what a container gets that says nothing, such as an operator's."""
        quota = {**DEFAULT_QUOTA, **self._args.quota}
        k8s.core.v1.ResourceQuota(
            f"{self._name}-quota",
            metadata=self.metadata(self._name, "quota"),
            spec=k8s.core.v1.ResourceQuotaSpecArgs(
                hard={
                    "requests.cpu": quota["cpu"],
                    "requests.memory": quota["memory"],
                    "limits.memory": quota["memory"],
                    "requests.storage": quota["storage"],
                    f"requests.{self.nodes.gpu}": quota["gpus"],
                    "pods": quota["pods"],
                    "services.nodeports": "0",
                    "services.loadbalancers": "0",
                }
            ),
            opts=self._child,
        )
        k8s.core.v1.LimitRange(
            f"{self._name}-limits",
            metadata=self.metadata(self._name, "limits"),
            spec=k8s.core.v1.LimitRangeSpecArgs(
                limits=[
                    k8s.core.v1.LimitRangeItemArgs(
                        type="Container",
                        default={"cpu": "500m", "memory": "512Mi"},
                        default_request={"cpu": "100m", "memory": "256Mi"},
                    )
                ]
            ),
            opts=self._child,
        )

    def workload(self, name: str) -> Workload:
        """Return a component's identity: a service account without permissions, made at the first call."""
        if name not in self._workloads:
            account = k8s.core.v1.ServiceAccount(
                f"{name}-identity",
                metadata=self.metadata(name, name),
                automount_service_account_token=False,
                opts=self._child,
            )
            self._workloads[name] = Workload(name, account)
        return self._workloads[name]

    def metadata(
        self,
        component: str,
        name: str | None = None,
        part: str | None = None,
        annotations: Mapping[str, str] | None = None,
    ) -> k8s.meta.v1.ObjectMetaArgs:
        """Metadata of an object of a component: namespace, labels, annotations; Pulumi names it if `name` is absent."""
        return k8s.meta.v1.ObjectMetaArgs(
            name=name,
            namespace=self.namespace,
            labels={**self._labels, **common_labels(component, part or component)},
            annotations={**self._annotations, **(annotations or {})} or None,
        )

    def image(self, upstream: str) -> str:
        """A public image, from the mirror where there is one."""
        return f"{self._args.image_registry}/{upstream}" if self._args.image_registry else upstream

    def own_image(self, name: str, tag: str) -> str:
        """An image of the stack's own; `pulumi` asks for the registry where neither spec nor configuration names it."""
        registry = self._args.registry or pulumi.Config().require("kubernetesRegistry")
        return f"{registry}/{pulumi.get_project()}/{name}:{tag}"
