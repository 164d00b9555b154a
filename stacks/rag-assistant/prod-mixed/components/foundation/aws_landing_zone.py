"""The ground AWS components stand on."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

import pulumi
import pulumi_aws as aws
import pulumi_random as random

from aws_platform.buckets import log_bucket
from aws_platform.encryption import customer_key
from aws_platform.endpoints import Endpoints
from aws_platform.naming import physical_name, tag
from aws_platform.network import Network, existing_network, flow_log, new_network
from aws_platform.policies import trust_policy
from aws_platform.service_network import ServiceNetwork
from aws_platform.workloads import Workload, security_group

Made = TypeVar("Made")


@dataclass(frozen=True, kw_only=True)
class AwsLandingZoneArgs:
    """account: 12 digits; anything else is refused before a resource is touched. labels: tags of everything.

    vpc_id and private_subnet_ids: a network others own, instead of a new one with address range `cidr`.
    allow_deletion: whether databases and buckets with data in them may be deleted (never where `protect`).
    egress: component → why it may open HTTPS connections to the internet; a new network has NAT only if one does.
    peers: address ranges that may connect.
    log_retention and backup_retention: days.
    """

    account: str
    region: str
    labels: Mapping[str, str] = field(default_factory=dict)
    protect: bool
    allow_deletion: bool
    cidr: str
    vpc_id: str | None = None
    private_subnet_ids: Sequence[str] = ()
    egress: Mapping[str, str] = field(default_factory=dict)
    image_registry: str | None = None
    peers: Sequence[str] = ()
    log_retention: int
    backup_retention: int


class AwsLandingZone(pulumi.ComponentResource):
    """Network, key, service network, container cluster, logs, and an identity for every workload.

    providers: for every component here; nothing is created with anybody's ambient settings.
    """

    def __init__(
        self, name: str, args: AwsLandingZoneArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("stackgen:foundation:AwsLandingZone", name, None, opts)
        self.account = args.account
        self.region = args.region
        self.peers, self.egress = args.peers, args.egress
        self.backup_retention = 35 if args.protect else args.backup_retention
        self.protect = args.protect
        self.deletable = args.allow_deletion and not args.protect
        self._args = args
        own = pulumi.ResourceOptions(parent=self)
        tags = {tag(key, 128): tag(value) for key, value in args.labels.items()}
        provider = aws.Provider(
            f"{name}-account",
            region=args.region,
            allowed_account_ids=[args.account],
            default_tags=aws.ProviderDefaultTagsArgs(tags=tags),
            opts=own,
        )
        self.providers: Mapping[str, pulumi.ProviderResource] = {
            "aws": provider,
            "random": random.Provider(f"{name}-random", opts=own),
        }
        self._name = name
        self._child = pulumi.ResourceOptions(parent=self, provider=provider)
        self._access_logs: aws.s3.Bucket | None = None
        self._workloads: dict[str, Workload] = {}
        self._made: dict[str, Any] = {}
        self.register_outputs({"account": args.account, "region": args.region})

    # What follows is made when the first component needs it.

    def _once(self, name: str, make: Callable[[], Made]) -> Made:
        if name not in self._made:
            self._made[name] = make()
        return self._made[name]

    @property
    def key(self) -> aws.kms.Key:
        """The environment's own key: everything at rest is encrypted with it."""
        return self._once("key", self._new_key)

    def _new_key(self) -> aws.kms.Key:
        return customer_key(self._name, self.account, self.region, self.protect, self._child)

    @property
    def network(self) -> Network:
        """Private subnets in two zones, with flow logs; or a network that others own."""
        return self._once("network", self._new_network)

    def _new_network(self) -> Network:
        args, ask = self._args, pulumi.InvokeOptions(parent=self, provider=self.providers["aws"])
        if args.vpc_id:
            return existing_network(args.vpc_id, args.private_subnet_ids, ask)
        found = new_network(self._name, args.cidr, bool(args.egress), self._child, ask)
        flow_log(self._name, found.vpc_id, self.network_logs, self._child)
        return found

    @property
    def network_logs(self) -> aws.cloudwatch.LogGroup:
        """Flow logs of the network."""
        return self._once("network_logs", self._new_network_logs)

    def _new_network_logs(self) -> aws.cloudwatch.LogGroup:
        return self.log_group("network", self._child)

    @property
    def endpoints(self) -> Endpoints:
        """Private ways to AWS's own services."""
        return self._once("endpoints", self._new_endpoints)

    def _new_endpoints(self) -> Endpoints:
        return Endpoints(self._name, self.network, self.region, self._args.vpc_id is None, self._child)

    @property
    def services(self) -> ServiceNetwork:
        """HTTPS between components."""
        return self._once("services", self._new_services)

    def _new_services(self) -> ServiceNetwork:
        return ServiceNetwork(
            self._name, self.network, self.region, self.peers, self.network_logs, self._child
        )

    @property
    def cluster(self) -> aws.ecs.Cluster:
        """The cluster that runs containers."""
        return self._once("cluster", self._new_cluster)

    def _new_cluster(self) -> aws.ecs.Cluster:
        return aws.ecs.Cluster(
            f"{self._name}-cluster",
            name=physical_name("cluster", 255),
            settings=[aws.ecs.ClusterSettingArgs(name="containerInsights", value="enhanced")],
            opts=self._child,
        )

    def workload(self, name: str) -> Workload:
        """Return a component's identity: a role without permissions and a security group without rules, at first."""
        if name not in self._workloads:
            self._workloads[name] = self._new_workload(name)
        return self._workloads[name]

    def _new_workload(self, name: str) -> Workload:
        role = aws.iam.Role(
            f"{name}-task",
            name=physical_name(f"{name}-task", 64),
            description=f"What {name} may do",
            assume_role_policy=trust_policy(
                "ecs-tasks.amazonaws.com", {"StringEquals": {"aws:SourceAccount": self.account}}
            ),
            opts=self._child,
        )
        group = security_group(name, f"Connections of {name}", self.network.vpc_id, self._child)
        workload = Workload(name, self.account, self.region, role, group.id, self._child)
        if name in self._args.egress:
            workload.reach("internet", 443, cidr="0.0.0.0/0")
        return workload

    def log_group(self, name: str, opts: pulumi.ResourceOptions) -> aws.cloudwatch.LogGroup:
        """Encrypted logs, kept as long as the environment says."""
        return aws.cloudwatch.LogGroup(
            f"{name}-logs",
            name=f"/{pulumi.get_project()}/{pulumi.get_stack()}/{name}",
            retention_in_days=self._args.log_retention,
            kms_key_id=self.key.arn,
            opts=opts,
        )

    def access_log_bucket(self) -> aws.s3.Bucket:
        """The bucket that has the access logs of the others."""
        if self._access_logs is None:
            self._access_logs = log_bucket("access-logs", self, self._child)
        return self._access_logs

    def image(self, upstream: str) -> str:
        """A public image, from the mirror where there is one."""
        return f"{self._args.image_registry}/{upstream}" if self._args.image_registry else upstream
