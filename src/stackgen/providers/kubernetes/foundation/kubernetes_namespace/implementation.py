"""The ground components in a cluster stand on."""

from typing import Annotated

from pydantic import Field

from stackgen.descriptors.model import FromConfiguration, Implementation, ImplementationSettings


class Settings(ImplementationSettings):
    """Settings of the namespace; they come from the environment's."""

    context: Annotated[str | None, FromConfiguration()] = Field(
        default=None, description="Context of the kubeconfig that everything is created with."
    )
    namespace: str | None = Field(default=None, description="Namespace of the environment.")
    labels: dict[str, str] = Field(default_factory=dict[str, str], description="Labels of every object.")
    protect: bool = Field(default=False, description="Whether data is guarded against deletion.")
    allow_deletion: bool = Field(default=False, description="Whether volumes with data may be deleted.")
    image_registry: str | None = Field(default=None, description="Registry that mirrors public images.")
    registry: str | None = Field(default=None, description="Registry of the stack's own images.")
    image_pull_secret: str | None = Field(default=None, description="Secret with which images are pulled.")
    storage_class: str | None = Field(default=None, description="Storage class of volumes.")
    node_selector: dict[str, str] = Field(default_factory=dict[str, str], description="Labels of nodes.")
    gpu_resource: str = Field(default="nvidia.com/gpu", description="Resource name of a GPU.")
    gpu_node_selector: dict[str, str] = Field(
        default_factory=dict[str, str], description="Labels of nodes with GPUs."
    )
    gpu_taint: str = Field(default="nvidia.com/gpu", description="Key of the taint on nodes with GPUs.")
    domain: str | None = Field(default=None, description="Domain of exposed components.")
    gateway: str | None = Field(
        default=None, description="Gateway that exposed components are reached through."
    )
    issuer: str | None = Field(default=None, description="cert-manager's ClusterIssuer.")
    hub_ranges: tuple[str, ...] = Field(default=("0.0.0.0/0",), description="Addresses of the model hub.")
    api_server_ranges: tuple[str, ...] = Field(
        default=("0.0.0.0/0",), description="Addresses of the API server."
    )
    quota: dict[str, str] = Field(
        default_factory=dict[str, str], description="What the namespace may take in all."
    )


IMPLEMENTATION = Implementation(
    description="A namespace: restricted pods, everything denied but what is wired, a quota, an identity per workload.",
    level="self-hosted",
    settings=Settings,
    billing="own-machines",
    licence="Apache-2.0 (Kubernetes)",
)
