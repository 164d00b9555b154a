"""The ground Google Cloud components stand on."""

from typing import Annotated

from pydantic import Field

from stackgen.descriptors.model import FromConfiguration, Implementation, ImplementationSettings


class Settings(ImplementationSettings):
    """Settings of the landing zone; they come from the environment's."""

    project: Annotated[str | None, FromConfiguration()] = Field(
        default=None, description="Google Cloud project that everything is created in."
    )
    region: Annotated[str | None, FromConfiguration()] = Field(
        default=None, description="Google Cloud region that everything is created in."
    )
    labels: dict[str, str] = Field(default_factory=dict[str, str], description="Labels of every resource.")
    protect: bool = Field(default=False, description="Whether data is guarded against deletion.")
    allow_deletion: bool = Field(default=False, description="Whether data may be deleted.")
    cidr: str = Field(default="10.90.0.0/20", description="Address range of the subnet.")
    database_cidr: str = Field(default="10.91.0.0/16", description="Address range for managed databases.")
    network: str | None = Field(default=None, description="An existing network to use instead.")
    subnetwork: str | None = Field(default=None, description="Its subnet for workloads.")
    egress: dict[str, str] = Field(
        default_factory=dict[str, str],
        description="Components that may open HTTPS connections to the internet, and why.",
    )
    image_registry: str | None = Field(default=None, description="Registry that mirrors public images.")
    peers: tuple[str, ...] = Field(default=(), description="Address ranges that may connect.")
    log_retention: int = Field(default=365, description="Days that logs are kept.")
    backup_retention: int = Field(default=14, description="Days to which databases can be taken back.")


IMPLEMENTATION = Implementation(
    description="A project's APIs, network, key, identities and logs.",
    level="managed",
    settings=Settings,
    parts={"access-logs": ()},
    billing="always-on",
    licence="Google Cloud terms",
)
