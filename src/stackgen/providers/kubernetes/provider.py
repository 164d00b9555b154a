"""Descriptor of Kubernetes."""

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from stackgen.descriptors.provider import Provider, ProviderSettings

DnsLabel = Annotated[str, StringConstraints(pattern=r"^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$")]
DnsName = Annotated[str, StringConstraints(pattern=r"^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$")]
Cidr = Annotated[str, StringConstraints(pattern=r"^(\d{1,3}\.){3}\d{1,3}/\d{1,2}$")]
Quantity = Annotated[str, StringConstraints(pattern=r"^\d+(m|Ki|Mi|Gi|Ti)?$")]
Registry = Annotated[str, StringConstraints(pattern=r"^[\w.-]+(:\d+)?(/[\w./-]+)?$")]


class KubernetesSettings(ProviderSettings):
    """Settings of an environment in a cluster."""

    context: str | None = Field(
        default=None,
        pattern=r"^[\w.:@/-]+$",
        description="Context of the kubeconfig that everything is created with.",
    )
    namespace: DnsLabel | None = Field(
        default=None, description="Namespace of the environment; <stack>-<environment> if absent."
    )
    image_registry: Registry | None = Field(
        default=None,
        description="Registry that mirrors the public images, for closed networks; images are taken from "
        "<image_registry>/<upstream registry>/<image>.",
    )
    registry: Registry | None = Field(
        default=None,
        description="Registry of the stack's own images, which are <registry>/<stack>/<component>:<tag>.",
    )
    image_pull_secret: DnsName | None = Field(
        default=None, description="Secret in the namespace with which images are pulled."
    )
    storage_class: DnsName | None = Field(
        default=None, description="Storage class of volumes; the cluster's default if absent."
    )
    node_selector: dict[str, str] = Field(
        default_factory=dict[str, str], description="Labels of the nodes that everything runs on."
    )
    gpu_resource: str = Field(
        default="nvidia.com/gpu", pattern=r"^[a-z0-9.-]+/[\w.-]+$", description="Resource name of a GPU."
    )
    gpu_node_selector: dict[str, str] = Field(
        default_factory=dict[str, str], description="Labels of the nodes that have GPUs."
    )
    gpu_taint: str = Field(
        default="nvidia.com/gpu",
        pattern=r"^[\w./-]+$",
        description="Key of the taint that keeps other workloads off the nodes with GPUs.",
    )
    domain: DnsName | None = Field(
        default=None,
        description="Domain below which components with `expose: true` are reached from outside, over HTTPS.",
    )
    gateway: str | None = Field(
        default=None,
        pattern=r"^[a-z0-9-]+/[a-z0-9-]+$",
        description="Gateway (Gateway API) that exposed components are reached through, as <namespace>/<name>; "
        "its listener for `domain` ends TLS.",
    )
    issuer: DnsName | None = Field(
        default=None,
        description="cert-manager's ClusterIssuer; each exposed component gets a certificate from it.",
    )
    hub_ranges: tuple[Cidr, ...] = Field(
        default=("0.0.0.0/0",),
        description="Addresses at which servers that load weights from a model hub may reach it, over HTTPS; "
        "narrow them to your mirror's.",
    )
    api_server_ranges: tuple[Cidr, ...] = Field(
        default=("0.0.0.0/0",),
        description="Addresses of the Kubernetes API server, for databases run by an operator.",
    )
    quota: dict[Literal["cpu", "memory", "storage", "gpus", "pods"], Quantity] = Field(
        default_factory=dict, description="What the namespace may take in all, over the defaults."
    )
    allow_deletion: bool = Field(
        default=False, description="Whether volumes with data may be deleted; apply it before `down`."
    )


PROVIDER = Provider(
    description="Kubernetes on premises: a namespace under the restricted Pod Security standard.",
    settings=KubernetesSettings,
    requirements=("pulumi-kubernetes>=4.34,<5", "pulumi-random>=4.18,<5"),
    foundations={"kubernetes": "kubernetes/namespace"},
    packages=("kubernetes", "random"),
    holding=(
        "kubernetes:core/v1:Namespace",  # everything in it goes with it
        "kubernetes:core/v1:PersistentVolumeClaim",
        "kubernetes:apps/v1:StatefulSet",  # its volumes may go with it
        "kubernetes:postgresql.cnpg.io/v1:Cluster",
        "kubernetes:objectbucket.io/v1alpha1:ObjectBucketClaim",
    ),
    workloads=True,
    named=True,
    reaches=(),
    notes=(
        "Kubernetes: the kubeconfig is the environment's (`KUBECONFIG`), and nothing is done in any context but the "
        "one that the configuration names.",
        "Kubernetes: connections are admitted by NetworkPolicies, which the cluster's network must enforce.",
        "Kubernetes: bindings are addresses inside the cluster; `stackgen verify` and `stackgen run` reach them by "
        "forwarding ports.",
    ),
)
