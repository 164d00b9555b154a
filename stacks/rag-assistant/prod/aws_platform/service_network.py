"""VPC Lattice: HTTPS between components with certificates that AWS keeps, and no load balancer of ours."""

from __future__ import annotations

from collections.abc import Iterable

import pulumi
import pulumi_aws as aws

from aws_platform.naming import physical_name
from aws_platform.network import Network
from aws_platform.workloads import Workload, admit, security_group

HTTPS = 443


class ServiceNetwork:
    """The service network of this VPC: whom its services may be called by."""

    def __init__(
        self,
        name: str,
        network: Network,
        region: str,
        peers: Iterable[str],
        logs: aws.cloudwatch.LogGroup,
        opts: pulumi.ResourceOptions,
    ) -> None:
        self.network = network
        self._opts = opts
        self._callers: set[str] = set()
        found = aws.ec2.get_managed_prefix_list_output(
            name=f"com.amazonaws.{region}.vpc-lattice",
            opts=pulumi.InvokeOptions(parent=opts.parent, provider=opts.provider),
        )
        self.prefix_list_id = found.id
        own = aws.vpclattice.ServiceNetwork(
            f"{name}-services", name=physical_name("services", 63), auth_type="NONE", opts=opts
        )
        self.id = own.id
        self._group = security_group("services", "Who may call services", network.vpc_id, opts)
        for index, peer in enumerate(peers):
            admit("services", self._group.id, f"peer-{index}", HTTPS, opts, cidr=peer)
        aws.vpclattice.ServiceNetworkVpcAssociation(
            f"{name}-services",
            service_network_identifier=own.id,
            vpc_identifier=network.vpc_id,
            security_group_ids=[self._group.id],
            opts=opts,
        )
        aws.vpclattice.AccessLogSubscription(
            f"{name}-services-access-log",
            resource_identifier=own.arn,
            destination_arn=logs.arn,
            opts=opts,
        )

    def connect(self, callers: Iterable[object]) -> None:
        """Let workloads of this VPC call its services."""
        for caller in callers:
            if isinstance(caller, Workload) and caller.name not in self._callers:
                self._callers.add(caller.name)
                caller.reach("services", HTTPS, prefix_list_id=self.prefix_list_id)
                admit(
                    "services",
                    self._group.id,
                    caller.name,
                    HTTPS,
                    self._opts,
                    source_group_id=caller.security_group_id,
                )

    def publish(
        self, name: str, port: int, health_path: str, opts: pulumi.ResourceOptions
    ) -> tuple[aws.vpclattice.TargetGroup, pulumi.Output[str]]:
        """A service in front of a task's port; returns where its tasks register, and its https URL."""
        target = aws.vpclattice.TargetGroup(
            f"{name}-targets",
            name=physical_name(name, 128),
            type="IP",
            config=aws.vpclattice.TargetGroupConfigArgs(
                port=port,
                protocol="HTTP",
                vpc_identifier=self.network.vpc_id,
                health_check=aws.vpclattice.TargetGroupConfigHealthCheckArgs(
                    enabled=True, path=health_path, protocol="HTTP", protocol_version="HTTP1"
                ),
            ),
            opts=opts,
        )
        service = aws.vpclattice.Service(
            f"{name}-service",
            name=physical_name(name, 40),
            auth_type="NONE",  # the service asks for its own key; clients sign nothing
            idle_timeout_seconds=600,  # a model may think for minutes before its first byte
            opts=opts,
        )
        listener = aws.vpclattice.Listener(
            f"{name}-https",
            name="https",
            service_identifier=service.id,
            protocol="HTTPS",
            port=HTTPS,
            default_action=aws.vpclattice.ListenerDefaultActionArgs(
                forwards=[
                    aws.vpclattice.ListenerDefaultActionForwardArgs(
                        target_groups=[
                            aws.vpclattice.ListenerDefaultActionForwardTargetGroupArgs(
                                target_group_identifier=target.id, weight=100
                            )
                        ]
                    )
                ]
            ),
            opts=opts,
        )
        association = aws.vpclattice.ServiceNetworkServiceAssociation(
            f"{name}-service",
            service_identifier=service.id,
            service_network_identifier=self.id,
            opts=pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(depends_on=[listener])),
        )
        domain = association.dns_entries[0].domain_name
        return target, pulumi.Output.concat("https://", domain)
