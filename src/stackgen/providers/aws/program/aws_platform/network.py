"""The network: private subnets in two zones, endpoints instead of open egress, flow logs."""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from aws_platform.naming import physical_name
from aws_platform.policies import Statement, policy, trust_policy

ZONES = 2


@dataclass(frozen=True)
class Network:
    """vpc_id, its private subnets, and their route tables (none if the VPC has another owner)."""

    vpc_id: pulumi.Input[str]
    cidr: pulumi.Input[str]
    private_subnet_ids: Sequence[pulumi.Input[str]]
    route_table_ids: Sequence[pulumi.Input[str]]


def existing_network(vpc_id: str, subnet_ids: Sequence[str], options: pulumi.InvokeOptions) -> Network:
    """Return a VPC that has another owner."""
    found = aws.ec2.get_vpc_output(id=vpc_id, opts=options)
    return Network(vpc_id, found.cidr_block, list(subnet_ids), [])


def new_network(
    name: str, cidr: str, egress: bool, opts: pulumi.ResourceOptions, options: pulumi.InvokeOptions
) -> Network:
    """Create a VPC with a private subnet per zone; with egress, NAT gateways in public subnets of their own."""
    zones = aws.get_availability_zones_output(state="available", opts=options).names
    vpc = aws.ec2.Vpc(
        f"{name}-vpc",
        cidr_block=cidr,
        enable_dns_hostnames=True,
        enable_dns_support=True,
        tags={"Name": physical_name("vpc", 200)},
        opts=opts,
    )
    aws.ec2.DefaultSecurityGroup(f"{name}-default-access", vpc_id=vpc.id, ingress=[], egress=[], opts=opts)
    ranges = list(ipaddress.ip_network(cidr).subnets(prefixlen_diff=3))
    private = [_subnet(f"{name}-private-{i}", vpc, str(ranges[i]), zones[i], opts) for i in range(ZONES)]
    tables = [_route_table(subnet_name, vpc, subnet, opts) for subnet_name, subnet in private]
    if egress:
        _nat(name, vpc, [str(item) for item in ranges[-ZONES:]], zones, tables, opts)
    subnets = [subnet.id for _, subnet in private]
    return Network(vpc.id, cidr, subnets, [table.id for table in tables])


def _subnet(
    name: str, vpc: aws.ec2.Vpc, cidr: str, zone: pulumi.Input[str], opts: pulumi.ResourceOptions
) -> tuple[str, aws.ec2.Subnet]:
    subnet = aws.ec2.Subnet(
        name,
        vpc_id=vpc.id,
        cidr_block=cidr,
        availability_zone=zone,
        map_public_ip_on_launch=False,
        tags={"Name": physical_name(name, 200)},
        opts=opts,
    )
    return name, subnet


def _route_table(
    name: str, vpc: aws.ec2.Vpc, subnet: aws.ec2.Subnet, opts: pulumi.ResourceOptions
) -> aws.ec2.RouteTable:
    table = aws.ec2.RouteTable(f"{name}-routes", vpc_id=vpc.id, opts=opts)
    aws.ec2.RouteTableAssociation(f"{name}-routes", route_table_id=table.id, subnet_id=subnet.id, opts=opts)
    return table


def _nat(
    name: str,
    vpc: aws.ec2.Vpc,
    ranges: Sequence[str],
    zones: pulumi.Output[Sequence[str]],
    private: Sequence[aws.ec2.RouteTable],
    opts: pulumi.ResourceOptions,
) -> None:
    """Create a NAT gateway per zone, so that the failure of a zone does not affect the other one."""
    gateway = aws.ec2.InternetGateway(f"{name}-internet", vpc_id=vpc.id, opts=opts)
    for index, cidr in enumerate(ranges):
        subnet_name, subnet = _subnet(f"{name}-public-{index}", vpc, cidr, zones[index], opts)
        table = _route_table(subnet_name, vpc, subnet, opts)
        aws.ec2.Route(
            f"{subnet_name}-out",
            route_table_id=table.id,
            destination_cidr_block="0.0.0.0/0",
            gateway_id=gateway.id,
            opts=opts,
        )
        address = aws.ec2.Eip(f"{name}-nat-{index}", domain="vpc", opts=opts)
        nat = aws.ec2.NatGateway(
            f"{name}-nat-{index}", allocation_id=address.id, subnet_id=subnet.id, opts=opts
        )
        aws.ec2.Route(
            f"{name}-private-{index}-out",
            route_table_id=private[index].id,
            destination_cidr_block="0.0.0.0/0",
            nat_gateway_id=nat.id,
            opts=opts,
        )


def flow_log(
    name: str, vpc_id: pulumi.Input[str], log_group: aws.cloudwatch.LogGroup, opts: pulumi.ResourceOptions
) -> None:
    """Log the connections in the network; the logs are kept as long as other logs."""
    role = aws.iam.Role(
        f"{name}-flow-log",
        name=physical_name("flow-log", 64),
        assume_role_policy=trust_policy("vpc-flow-logs.amazonaws.com"),
        opts=opts,
    )
    write = ("logs:CreateLogStream", "logs:PutLogEvents", "logs:DescribeLogStreams")
    aws.iam.RolePolicy(
        f"{name}-flow-log",
        role=role.name,
        policy=policy(Statement(write, [pulumi.Output.concat(log_group.arn, ":*")])),
        opts=opts,
    )
    aws.ec2.FlowLog(
        f"{name}-flow-log",
        vpc_id=vpc_id,
        traffic_type="ALL",
        log_destination=log_group.arn,
        iam_role_arn=role.arn,
        max_aggregation_interval=60,
        opts=opts,
    )
