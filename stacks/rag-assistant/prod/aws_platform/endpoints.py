"""Private endpoints of AWS services, made when the first component needs one."""

from __future__ import annotations

import pulumi
import pulumi_aws as aws

from aws_platform.network import Network
from aws_platform.workloads import Workload, admit, security_group

HTTPS = 443


class Endpoints:
    """Interface endpoints by service, and the S3 gateway endpoint; traffic to them never leaves the VPC."""

    def __init__(
        self, name: str, network: Network, region: str, own: bool, opts: pulumi.ResourceOptions
    ) -> None:
        """own: whether the network is ours, and endpoints are ours to make."""
        self._name = name
        self._network = network
        self._region = region
        self._own = own
        self._opts = opts
        self._made: dict[str, aws.ec2.SecurityGroup] = {}
        self._reached: set[tuple[str, str]] = set()
        found = aws.ec2.get_managed_prefix_list_output(
            name=f"com.amazonaws.{region}.s3",
            opts=pulumi.InvokeOptions(parent=opts.parent, provider=opts.provider),
        )
        self.s3_prefix_list_id = found.id
        if own:
            aws.ec2.VpcEndpoint(
                f"{name}-s3-endpoint",
                vpc_id=network.vpc_id,
                service_name=f"com.amazonaws.{region}.s3",
                vpc_endpoint_type="Gateway",
                route_table_ids=list(network.route_table_ids),
                opts=opts,
            )

    def connect(self, workload: Workload, *services: str) -> None:
        """Let a workload reach these services privately, such as `secretsmanager` or `bedrock-runtime`."""
        for service in services:
            label = service.replace(".", "-")
            if (workload.name, service) in self._reached:
                continue
            self._reached.add((workload.name, service))
            if not self._own:
                workload.reach(label, HTTPS, cidr=self._network.cidr)
                continue
            group = self._made.get(service) or self._make(service, label)
            workload.reach(label, HTTPS, group_id=group.id)
            admit(
                f"{label}-endpoint",
                group.id,
                workload.name,
                HTTPS,
                self._opts,
                source_group_id=workload.security_group_id,
            )

    def connect_s3(self, workload: Workload) -> None:
        """Let a workload reach S3 through the gateway endpoint."""
        if (workload.name, "s3") not in self._reached:
            self._reached.add((workload.name, "s3"))
            workload.reach("s3", HTTPS, prefix_list_id=self.s3_prefix_list_id)

    def _make(self, service: str, label: str) -> aws.ec2.SecurityGroup:
        name = f"{label}-endpoint"
        group = security_group(name, f"Private endpoint of {service}", self._network.vpc_id, self._opts)
        aws.ec2.VpcEndpoint(
            f"{self._name}-{name}",
            vpc_id=self._network.vpc_id,
            service_name=service if service.startswith("aws.") else f"com.amazonaws.{self._region}.{service}",
            vpc_endpoint_type="Interface",
            private_dns_enabled=True,
            subnet_ids=list(self._network.private_subnet_ids),
            security_group_ids=[group.id],
            opts=self._opts,
        )
        self._made[service] = group
        return group
