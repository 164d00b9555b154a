"""Services on Cloud Run: reached from the network only, encrypted, secrets by reference."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import pulumi
import pulumi_gcp as gcp

from gcp_platform.naming import physical_name
from gcp_platform.secrets import secret_for
from gcp_platform.workloads import Workload, allow_egress
from gcp_platform.zone import Zone


@dataclass(frozen=True, kw_only=True)
class Container:
    """One container.

    environment: plain variables; secrets: variables whose values are kept in Secret Manager. files: path →
    content, kept there too; each file has a folder of its own. after: containers that must be up before.
    cpu: such as 1 or 2; memory: such as 1Gi.
    """

    name: str
    image: pulumi.Input[str]
    command: Sequence[str] = ()
    args: Sequence[pulumi.Input[str]] = ()
    environment: Mapping[str, pulumi.Input[str]] = field(default_factory=dict[str, pulumi.Input[str]])
    secrets: Mapping[str, pulumi.Input[str]] = field(default_factory=dict[str, pulumi.Input[str]])
    files: Mapping[str, pulumi.Input[str]] = field(default_factory=dict[str, pulumi.Input[str]])
    port: int | None = None
    health_path: str | None = None
    health_port: int | None = None
    after: Sequence[str] = ()
    cpu: str = "1"
    memory: str = "1Gi"


@dataclass(frozen=True, kw_only=True)
class Scale:
    """Instances at least and at most; requests one instance takes at the same time."""

    minimum: int = 0
    maximum: int = 3
    concurrency: int = 80


class Service(pulumi.ComponentResource):
    """A service that asks for its own key. url: without a trailing slash."""

    url: pulumi.Output[str]

    def __init__(
        self,
        name: str,
        zone: Zone,
        containers: Sequence[Container],
        scale: Scale,
        *,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("stackgen:gcp:Service", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        self.workload = workload = zone.workload(name)
        allow_internet(workload, zone)
        made = [_container(name, workload, c, zone, child) for c in containers]
        volumes = [volume for _, found in made for volume in found]
        encrypted = zone.grant_key("run.googleapis.com")
        service = gcp.cloudrunv2.Service(
            f"{name}-service",
            name=physical_name(name, 49),
            location=zone.region,
            ingress="INGRESS_TRAFFIC_INTERNAL_ONLY",
            # Clients send the service's own key; unmodified ones can't send Google's identity tokens as well.
            invoker_iam_disabled=True,
            deletion_protection=zone.protect,
            template=gcp.cloudrunv2.ServiceTemplateArgs(
                service_account=workload.email,
                encryption_key=zone.key_id,
                execution_environment="EXECUTION_ENVIRONMENT_GEN2",
                timeout="600s",
                max_instance_request_concurrency=scale.concurrency,
                scaling=gcp.cloudrunv2.ServiceTemplateScalingArgs(
                    min_instance_count=scale.minimum, max_instance_count=scale.maximum
                ),
                vpc_access=gcp.cloudrunv2.ServiceTemplateVpcAccessArgs(
                    egress="ALL_TRAFFIC",
                    network_interfaces=[
                        gcp.cloudrunv2.ServiceTemplateVpcAccessNetworkInterfaceArgs(
                            network=zone.network.id, subnetwork=zone.network.subnet, tags=[workload.tag]
                        )
                    ],
                ),
                containers=[container for container, _ in made],
                volumes=volumes,
            ),
            opts=pulumi.ResourceOptions.merge(child, pulumi.ResourceOptions(depends_on=[encrypted])),
        )
        self.url = service.uri
        self.register_outputs({"url": self.url})


def allow_internet(workload: Workload, zone: Zone) -> None:
    """Let a workload open HTTPS connections to the internet, if the environment gives a reason for it."""
    if workload.name in zone.egress:
        allow_egress(workload, "internet", zone.network.id, ["0.0.0.0/0"], 443)


def _container(
    service: str, workload: Workload, container: Container, zone: Zone, opts: pulumi.ResourceOptions
) -> tuple[gcp.cloudrunv2.ServiceTemplateContainerArgs, list[gcp.cloudrunv2.ServiceTemplateVolumeArgs]]:
    """Return a container, and the volumes with its files."""
    args = gcp.cloudrunv2
    envs = [
        args.ServiceTemplateContainerEnvArgs(name=k, value=v)
        for k, v in sorted(container.environment.items())
    ]
    for key, value in sorted(container.secrets.items()):
        version = secret_for(workload, secret_name(service, container.name, key), value, zone, opts)
        reference = args.ServiceTemplateContainerEnvValueSourceSecretKeyRefArgs(
            secret=version.secret, version=version.version
        )
        source = args.ServiceTemplateContainerEnvValueSourceArgs(secret_key_ref=reference)
        envs.append(args.ServiceTemplateContainerEnvArgs(name=key, value_source=source))
    mounts: list[gcp.cloudrunv2.ServiceTemplateContainerVolumeMountArgs] = []
    volumes: list[gcp.cloudrunv2.ServiceTemplateVolumeArgs] = []
    for path, content in container.files.items():
        folder, _, file = path.rpartition("/")
        name = f"{container.name}-{file.replace('.', '-').replace('_', '-')}"
        version = secret_for(workload, secret_name(service, "file", name), content, zone, opts)
        item = args.ServiceTemplateVolumeSecretItemArgs(path=file, version=version.version)
        volumes.append(
            args.ServiceTemplateVolumeArgs(
                name=name, secret=args.ServiceTemplateVolumeSecretArgs(secret=version.secret, items=[item])
            )
        )
        mounts.append(args.ServiceTemplateContainerVolumeMountArgs(name=name, mount_path=folder))
    made = args.ServiceTemplateContainerArgs(
        name=container.name,
        image=container.image,
        commands=list(container.command),
        args=list(container.args),
        envs=envs,
        volume_mounts=mounts,
        depends_ons=list(container.after),
        ports=args.ServiceTemplateContainerPortsArgs(container_port=container.port)
        if container.port
        else None,
        resources=args.ServiceTemplateContainerResourcesArgs(
            limits={"cpu": container.cpu, "memory": container.memory}, cpu_idle=False, startup_cpu_boost=True
        ),
        startup_probe=_startup(container),
        liveness_probe=_liveness(container),
    )
    return made, volumes


def secret_name(service: str, *parts: str) -> str:
    """Return the name of one of a service's secrets."""
    return "-".join((service, *parts)).lower().replace("_", "-")


def _startup(container: Container) -> gcp.cloudrunv2.ServiceTemplateContainerStartupProbeArgs | None:
    """Return the startup probe. It allows ten minutes, in which models are downloaded and loaded."""
    if container.health_path is None:
        return None
    return gcp.cloudrunv2.ServiceTemplateContainerStartupProbeArgs(
        http_get=gcp.cloudrunv2.ServiceTemplateContainerStartupProbeHttpGetArgs(
            path=container.health_path, port=container.health_port or container.port
        ),
        period_seconds=10,
        timeout_seconds=5,
        failure_threshold=60,
    )


def _liveness(container: Container) -> gcp.cloudrunv2.ServiceTemplateContainerLivenessProbeArgs | None:
    if container.health_path is None:
        return None
    return gcp.cloudrunv2.ServiceTemplateContainerLivenessProbeArgs(
        http_get=gcp.cloudrunv2.ServiceTemplateContainerLivenessProbeHttpGetArgs(
            path=container.health_path, port=container.health_port or container.port
        ),
        period_seconds=30,
        timeout_seconds=5,
        failure_threshold=3,
    )
