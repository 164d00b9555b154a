"""The ground AWS components stand on."""

from typing import Annotated

from pydantic import Field

from stackgen.descriptors.model import FromConfiguration, Implementation, ImplementationSettings


class Settings(ImplementationSettings):
    """Settings of the landing zone; they come from the environment's."""

    account: Annotated[str | None, FromConfiguration()] = Field(
        default=None, description="AWS account that everything is created in, 12 digits."
    )
    region: Annotated[str | None, FromConfiguration()] = Field(
        default=None, description="AWS region that everything is created in."
    )
    labels: dict[str, str] = Field(default_factory=dict[str, str], description="Tags of every resource.")
    protect: bool = Field(default=False, description="Whether data is guarded against deletion.")
    allow_deletion: bool = Field(default=False, description="Whether data may be deleted.")
    cidr: str = Field(default="10.80.0.0/16", description="Address range of a new network.")
    vpc_id: str | None = Field(default=None, description="An existing VPC to use instead.")
    private_subnet_ids: tuple[str, ...] = Field(default=(), description="Its private subnets.")
    egress: dict[str, str] = Field(
        default_factory=dict[str, str],
        description="Components that may open HTTPS connections to the internet, and why.",
    )
    image_registry: str | None = Field(default=None, description="Registry that mirrors public images.")
    peers: tuple[str, ...] = Field(default=(), description="Address ranges that may connect.")
    log_retention: int = Field(default=365, description="Days that logs are kept.")
    backup_retention: int = Field(default=14, description="Days to which databases can be taken back.")


IMPLEMENTATION = Implementation(
    description="An account's network, key, service network, container cluster and logs.",
    level="managed",
    settings=Settings,
    parts={
        "aps-workspaces-endpoint": (),
        "bedrock-runtime-endpoint": (),
        "ecr-api-endpoint": (),
        "ecr-dkr-endpoint": (),
        "logs-endpoint": (),
        "network": (),
        "sagemaker-runtime-endpoint": (),
        "secretsmanager-endpoint": (),
        "services": (),
        "xray-endpoint": (),
    },
    billing="always-on",
    licence="AWS service terms",
)
