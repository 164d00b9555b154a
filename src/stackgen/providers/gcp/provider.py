"""Descriptor of Google Cloud."""

from typing import Annotated, Literal, Self

from pydantic import Field, StringConstraints, model_validator

from stackgen.descriptors.provider import Provider, ProviderSettings
from stackgen.descriptors.regions import load_region_table
from stackgen.providers.egress import Egress

Cidr = Annotated[str, StringConstraints(pattern=r"^(\d{1,3}\.){3}\d{1,3}/\d{1,2}$")]
REGIONS = load_region_table(__file__)


class GcpSettings(ProviderSettings):
    """Settings of an environment on Google Cloud."""

    project: str | None = Field(
        default=None,
        pattern=r"^[a-z][a-z0-9-]{4,28}[a-z0-9]$",
        description="Google Cloud project that everything is created in.",
    )
    region: str = Field(
        default="europe-west3", pattern=r"^[a-z]+-[a-z]+\d+$", description="Region everything is in."
    )
    region_check: Literal["on", "off"] = Field(
        default="on",
        description="Whether `region` must be in stackgen's dated table of regions; `off` for one that opened later.",
    )
    cidr: Cidr = Field(default="10.90.0.0/20", description="Address range of the network's subnet.")
    database_cidr: Cidr = Field(
        default="10.91.0.0/16", description="Address range for managed databases, /16 to /24."
    )
    network: str | None = Field(
        default=None,
        pattern=r"^projects/[\w:.-]+/global/networks/[a-z0-9-]+$",
        description="An existing network to use instead of a new one, with private services access.",
    )
    subnetwork: str | None = Field(
        default=None,
        pattern=r"^projects/[\w:.-]+/regions/[a-z0-9-]+/subnetworks/[a-z0-9-]+$",
        description="Its subnet for workloads.",
    )
    egress: Egress = Field(default_factory=dict[str, str])
    image_registry: str | None = Field(
        default=None,
        pattern=r"^[\w.-]+(:\d+)?(/[\w./-]+)?$",
        description="Registry that mirrors the public images, such as Artifact Registry's remote repositories; "
        "images are taken from <image_registry>/<upstream registry>/<image>.",
    )
    peers: tuple[Cidr, ...] = Field(
        default=(), description="Address ranges, reached by VPN or the like, that may connect to services."
    )
    allow_deletion: bool = Field(
        default=False,
        description="Whether databases and buckets that hold data may be deleted; apply it before `down`.",
    )
    log_retention: int = Field(default=365, description="Days that logs are kept.", ge=1, le=3650)
    backup_retention: int = Field(
        default=14,
        description="Days to which a database can be taken back; 35 where `protect` is set.",
        ge=1,
        le=35,
    )

    @model_validator(mode="after")
    def _whole_network(self) -> Self:
        if bool(self.network) != bool(self.subnetwork):
            raise ValueError("`network` and `subnetwork` go together")
        return self


PROVIDER = Provider(
    description="Google Cloud: managed services, and containers on Cloud Run, in a private network.",
    settings=GcpSettings,
    requirements=("pulumi-gcp>=10.2,<11", "pulumi-random>=4.18,<5"),
    foundations={"gcp": "gcp/landing-zone"},
    packages=("gcp", "random"),
    holding=(
        "gcp:storage/bucket:Bucket",
        "gcp:sql/databaseInstance:DatabaseInstance",
        "gcp:sql/database:Database",
        "gcp:alloydb/cluster:Cluster",
        "gcp:kms/cryptoKey:CryptoKey",  # nothing that it encrypted can be read without it
    ),
    workloads=True,
    reaches=("aws",),
    regions=REGIONS,
    notes=(
        "Google Cloud: nothing is done outside the project named in the configuration; credentials come from "
        "the environment, as always with Pulumi.",
        "Google Cloud: bindings are reached from the network only; verify from there, or from a network named "
        "in `peers`.",
    ),
)
