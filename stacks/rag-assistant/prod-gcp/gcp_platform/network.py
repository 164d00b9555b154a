"""The network: one private subnet, Google's APIs by private addresses, everything else denied."""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass

import pulumi
import pulumi_gcp as gcp

from gcp_platform.naming import physical_name

# private.googleapis.com. https://cloud.google.com/vpc/docs/configure-private-google-access#domain-options
PRIVATE_APIS = ("199.36.153.8", "199.36.153.9", "199.36.153.10", "199.36.153.11")
PRIVATE_APIS_RANGE = "199.36.153.8/30"
DOMAINS = {"googleapis": "googleapis.com.", "run": "run.app.", "registry": "pkg.dev."}


@dataclass(frozen=True)
class Network:
    """id and subnet for workloads. databases: resources that managed databases depend on."""

    id: pulumi.Output[str]
    self_link: pulumi.Output[str]
    subnet: pulumi.Output[str]
    databases: Sequence[pulumi.Resource] = ()


def existing_network(network: str, subnetwork: str) -> Network:
    """Return a network that has another owner, who keeps its names, firewall and private services access."""
    path = pulumi.Output.from_input(network)
    link = pulumi.Output.concat("https://www.googleapis.com/compute/v1/", path)
    return Network(path, link, pulumi.Output.from_input(subnetwork))


def new_network(
    name: str,
    region: str,
    cidr: str,
    database_cidr: str,
    egress: bool,
    peers: Sequence[str],
    opts: pulumi.ResourceOptions,
) -> Network:
    """Create a VPC of one region; with egress, address translation for HTTPS to the internet."""
    network = gcp.compute.Network(
        f"{name}-network",
        name=physical_name("network"),
        auto_create_subnetworks=False,
        delete_default_routes_on_create=True,
        routing_mode="REGIONAL",
        opts=opts,
    )
    subnet = gcp.compute.Subnetwork(
        f"{name}-subnet",
        name=physical_name("subnet"),
        network=network.id,
        region=region,
        ip_cidr_range=cidr,
        private_ip_google_access=True,
        log_config=gcp.compute.SubnetworkLogConfigArgs(
            aggregation_interval="INTERVAL_5_SEC", flow_sampling=0.5, metadata="INCLUDE_ALL_METADATA"
        ),
        opts=opts,
    )
    _firewall(name, network, peers, opts)
    _private_apis(name, network, opts)
    _route(f"{name}-to-apis", network, PRIVATE_APIS_RANGE, opts)
    if egress:
        _route(f"{name}-to-internet", network, "0.0.0.0/0", opts)
        _nat(name, region, network, opts)
    databases = _database_range(name, network, database_cidr, opts)
    return Network(network.id, network.self_link, subnet.id, [databases])


def _route(name: str, network: gcp.compute.Network, destination: str, opts: pulumi.ResourceOptions) -> None:
    gcp.compute.Route(
        name,
        name=physical_name(name),
        network=network.id,
        dest_range=destination,
        next_hop_gateway="default-internet-gateway",
        opts=opts,
    )


def _firewall(
    name: str, network: gcp.compute.Network, peers: Sequence[str], opts: pulumi.ResourceOptions
) -> None:
    """Deny and log all connections, except to Google's private addresses and from peers to services."""
    log = gcp.compute.FirewallLogConfigArgs(metadata="INCLUDE_ALL_METADATA")
    deny = gcp.compute.FirewallDenyArgs(protocol="all")
    gcp.compute.Firewall(
        f"{name}-deny-egress",
        name=physical_name("deny-egress"),
        network=network.id,
        direction="EGRESS",
        priority=65000,
        destination_ranges=["0.0.0.0/0"],
        denies=[deny],
        log_config=log,
        opts=opts,
    )
    gcp.compute.Firewall(
        f"{name}-deny-ingress",
        name=physical_name("deny-ingress"),
        network=network.id,
        direction="INGRESS",
        priority=65000,
        source_ranges=["0.0.0.0/0"],
        denies=[deny],
        log_config=log,
        opts=opts,
    )
    gcp.compute.Firewall(
        f"{name}-to-apis",
        name=physical_name("to-apis"),
        network=network.id,
        direction="EGRESS",
        priority=1000,
        destination_ranges=[PRIVATE_APIS_RANGE],
        allows=[gcp.compute.FirewallAllowArgs(protocol="tcp", ports=["443"])],
        log_config=log,
        opts=opts,
    )
    if peers:
        gcp.compute.Firewall(
            f"{name}-from-peers",
            name=physical_name("from-peers"),
            network=network.id,
            direction="INGRESS",
            priority=1000,
            source_ranges=list(peers),
            allows=[gcp.compute.FirewallAllowArgs(protocol="tcp", ports=["443"])],
            log_config=log,
            opts=opts,
        )


def _private_apis(name: str, network: gcp.compute.Network, opts: pulumi.ResourceOptions) -> None:
    """Names of Google's APIs and of Cloud Run services resolve to addresses that stay in Google's network."""
    visible = gcp.dns.ManagedZonePrivateVisibilityConfigArgs(
        networks=[gcp.dns.ManagedZonePrivateVisibilityConfigNetworkArgs(network_url=network.self_link)]
    )
    for part, domain in DOMAINS.items():
        zone = gcp.dns.ManagedZone(
            f"{name}-{part}",
            name=physical_name(part),
            dns_name=domain,
            description=f"Private addresses of {domain}",
            visibility="private",
            private_visibility_config=visible,
            opts=opts,
        )
        for label, host in (("apex", domain), ("any", f"*.{domain}")):
            gcp.dns.RecordSet(
                f"{name}-{part}-{label}",
                managed_zone=zone.name,
                name=host,
                type="A",
                ttl=300,
                rrdatas=list(PRIVATE_APIS),
                opts=opts,
            )


def _nat(name: str, region: str, network: gcp.compute.Network, opts: pulumi.ResourceOptions) -> None:
    router = gcp.compute.Router(
        f"{name}-router", name=physical_name("router"), network=network.id, region=region, opts=opts
    )
    gcp.compute.RouterNat(
        f"{name}-nat",
        name=physical_name("nat"),
        router=router.name,
        region=region,
        nat_ip_allocate_option="AUTO_ONLY",
        source_subnetwork_ip_ranges_to_nat="ALL_SUBNETWORKS_ALL_IP_RANGES",
        log_config=gcp.compute.RouterNatLogConfigArgs(enable=True, filter="ALL"),
        opts=opts,
    )


def _database_range(
    name: str, network: gcp.compute.Network, cidr: str, opts: pulumi.ResourceOptions
) -> pulumi.Resource:
    """Addresses for AlloyDB and Cloud SQL, peered with this network alone."""
    found = ipaddress.ip_network(cidr)
    addresses = gcp.compute.GlobalAddress(
        f"{name}-databases",
        name=physical_name("databases"),
        purpose="VPC_PEERING",
        address_type="INTERNAL",
        address=str(found.network_address),
        prefix_length=found.prefixlen,
        network=network.id,
        opts=opts,
    )
    return gcp.servicenetworking.Connection(
        f"{name}-databases",
        network=network.id,
        service="servicenetworking.googleapis.com",
        reserved_peering_ranges=[addresses.name],
        opts=opts,
    )
