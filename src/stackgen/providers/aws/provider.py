"""Descriptor of AWS."""

from typing import Annotated, Literal, Self

from pydantic import Field, StringConstraints, model_validator

from stackgen.descriptors.provider import Provider, ProviderSettings
from stackgen.descriptors.regions import load_region_table
from stackgen.providers.egress import Egress

Cidr = Annotated[str, StringConstraints(pattern=r"^(\d{1,3}\.){3}\d{1,3}/\d{1,2}$")]
REGIONS = load_region_table(__file__)


class AwsSettings(ProviderSettings):
    """Settings of an environment on AWS."""

    account: str | None = Field(
        default=None, pattern=r"^\d{12}$", description="AWS account that everything is created in, 12 digits."
    )
    region: str = Field(
        default="eu-central-1", pattern=r"^[a-z]{2}(-[a-z]+)+-\d$", description="AWS region everything is in."
    )
    region_check: Literal["on", "off"] = Field(
        default="on",
        description="Whether `region` must be in stackgen's dated table of regions; `off` for one that opened later.",
    )
    cidr: Cidr = Field(default="10.80.0.0/16", description="Address range of the network, /16 to /20.")
    vpc_id: str | None = Field(
        default=None, pattern=r"^vpc-[0-9a-f]+$", description="An existing VPC to use instead of a new one."
    )
    private_subnet_ids: tuple[str, ...] = Field(
        default=(), description="Its private subnets, in at least two availability zones."
    )
    egress: Egress = Field(default_factory=dict[str, str])
    image_registry: str | None = Field(
        default=None,
        pattern=r"^[\w.-]+(:\d+)?(/[\w./-]+)?$",
        description="Registry that mirrors the public images, such as an ECR pull-through cache; "
        "images are taken from <image_registry>/<upstream registry>/<image>.",
    )
    peers: tuple[Cidr, ...] = Field(
        default=(),
        description="Address ranges, reached by VPN or the like, that may connect to databases and services.",
    )
    allow_deletion: bool = Field(
        default=False,
        description="Whether databases and buckets that hold data may be deleted; apply it before `down`.",
    )
    log_retention: int = Field(default=365, description="Days that logs are kept.", ge=1, le=3653)
    backup_retention: int = Field(
        default=14,
        description="Days to which a database can be taken back; 35 where `protect` is set.",
        ge=1,
        le=35,
    )

    @model_validator(mode="after")
    def _whole_network(self) -> Self:
        if self.vpc_id and len(self.private_subnet_ids) < 2:
            raise ValueError("`vpc_id` needs `private_subnet_ids` in at least two availability zones")
        if self.private_subnet_ids and not self.vpc_id:
            raise ValueError("`private_subnet_ids` are of a VPC; say which one with `vpc_id`")
        return self


PROVIDER = Provider(
    description="Amazon Web Services: managed services, and containers on ECS Fargate, in a private network.",
    settings=AwsSettings,
    requirements=("pulumi-aws>=7.16,<8", "pulumi-random>=4.18,<5"),
    foundations={"aws": "aws/landing-zone"},
    packages=("aws", "random"),
    holding=(
        "aws:s3/bucket:Bucket",
        "aws:rds/instance:Instance",
        "aws:rds/cluster:Cluster",
        "aws:sagemaker/mlflowTrackingServer:MlflowTrackingServer",
        "aws:amp/workspace:Workspace",
        "aws:kms/key:Key",  # nothing that it encrypted can be read without it
    ),
    workloads=True,
    reaches=("gcp",),
    regions=REGIONS,
    notes=(
        "AWS: the account is checked before anything is done; credentials come from the environment, "
        "as always with Pulumi.",
        "AWS: bindings are addresses inside the VPC; verify from there, or from a network named in `peers`.",
    ),
)
