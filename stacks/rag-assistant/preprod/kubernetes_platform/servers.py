"""Servers: a Deployment or StatefulSet behind a Service, with scaling, disruption budget and policies."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import pulumi
import pulumi_kubernetes as k8s

from kubernetes_platform.exposing import expose_component
from kubernetes_platform.ground import Ground
from kubernetes_platform.pods import JUSTIFIED, Pod, template
from kubernetes_platform.policies import admit
from kubernetes_platform.workloads import Caller


@dataclass(frozen=True, kw_only=True)
class Scale:
    """Replicas that always run, and that run under load. cpu: utilisation at which more are started, per cent."""

    minimum: int = 1
    maximum: int = 1
    cpu: int = 75


@dataclass(frozen=True, kw_only=True)
class ServerArgs:
    """port: the one that clients connect to. other_ports: more of them, by name.

    component: component of the server, `name` if absent. storage: volume → GiB, of each replica's own (a StatefulSet).
    expose: route connections from outside the cluster to it.
    """

    pod: Pod
    port: int
    callers: Sequence[Caller] = ()
    other_ports: Mapping[str, int] = field(default_factory=dict[str, int])
    scale: Scale = field(default_factory=Scale)
    component: str | None = None
    storage: Mapping[str, int] = field(default_factory=dict[str, int])
    expose: bool = False


class Server:
    """A server. host: name inside the cluster. url: URL for callers. address: URL from outside; None if not exposed."""

    def __init__(self, name: str, args: ServerArgs, ground: Ground, opts: pulumi.ResourceOptions) -> None:
        component = args.component or name
        self._name, self._component, self._args, self._ground, self._opts = (
            name,
            component,
            args,
            ground,
            opts,
        )
        ports = {"main": args.port, **args.other_ports}
        self._service(ports, self._stateful() if args.storage else self._deployment())
        several = args.scale.minimum > 1
        if several:
            self._budget()
        if args.scale.maximum > args.scale.minimum:
            self._autoscaler()
        admit(component, sorted(set(ports.values())), args.callers, ground, opts)
        self.host = f"{name}.{ground.namespace}.svc"
        self.url = f"http://{self.host}:{args.port}"
        self.address = expose_component(name, component, args.port, ground, opts) if args.expose else None

    def _service(self, ports: Mapping[str, int], workload: pulumi.Resource) -> None:
        """Made when pods are there: Pulumi waits until some are behind it, and a few such waits stop everything."""
        k8s.core.v1.Service(
            self._name,
            metadata=self._ground.metadata(self._component, self._name, self._name),
            spec=k8s.core.v1.ServiceSpecArgs(
                type="ClusterIP",
                selector=self._selector(),
                ports=[
                    k8s.core.v1.ServicePortArgs(name=label, port=port, target_port=port, protocol="TCP")
                    for label, port in ports.items()
                ],
            ),
            opts=pulumi.ResourceOptions.merge(self._opts, pulumi.ResourceOptions(depends_on=[workload])),
        )

    def _selector(self) -> dict[str, str]:
        return {"app.kubernetes.io/name": self._name, "workload": self._component}

    def _pod(self) -> k8s.core.v1.PodTemplateSpecArgs:
        pod = replace(self._args.pod, spread=self._args.scale.maximum > 1)
        return template(self._name, self._component, pod, self._ground, self._opts)

    def _deployment(self) -> k8s.apps.v1.Deployment:
        scaled = self._args.scale.maximum > self._args.scale.minimum
        return k8s.apps.v1.Deployment(
            self._name,
            metadata=self._ground.metadata(self._component, self._name, self._name, JUSTIFIED),
            spec=k8s.apps.v1.DeploymentSpecArgs(
                # where an autoscaler decides, a number here would take its decisions back
                replicas=None if scaled else self._args.scale.minimum,
                selector=k8s.meta.v1.LabelSelectorArgs(match_labels=self._selector()),
                strategy=k8s.apps.v1.DeploymentStrategyArgs(
                    type="RollingUpdate",
                    rolling_update=k8s.apps.v1.RollingUpdateDeploymentArgs(max_surge=1, max_unavailable=0),
                )
                if not self._args.pod.claims
                else k8s.apps.v1.DeploymentStrategyArgs(type="Recreate"),
                revision_history_limit=5,
                template=self._pod(),
            ),
            opts=self._opts,
        )

    def _stateful(self) -> k8s.apps.v1.StatefulSet:
        keep = "Delete" if self._ground.deletable else "Retain"
        return k8s.apps.v1.StatefulSet(
            self._name,
            metadata=self._ground.metadata(self._component, self._name, self._name, JUSTIFIED),
            spec=k8s.apps.v1.StatefulSetSpecArgs(
                replicas=self._args.scale.minimum,
                service_name=self._name,
                selector=k8s.meta.v1.LabelSelectorArgs(match_labels=self._selector()),
                pod_management_policy="Parallel",
                persistent_volume_claim_retention_policy=(
                    k8s.apps.v1.StatefulSetPersistentVolumeClaimRetentionPolicyArgs(
                        when_deleted=keep, when_scaled="Retain"
                    )
                ),
                volume_claim_templates=[
                    self._claim(volume, size) for volume, size in self._args.storage.items()
                ],
                template=self._pod(),
            ),
            opts=pulumi.ResourceOptions.merge(
                self._opts, pulumi.ResourceOptions(protect=self._ground.protect)
            ),
        )

    def _claim(self, volume: str, size: int) -> k8s.core.v1.PersistentVolumeClaimArgs:
        metadata = self._ground.metadata(self._component, volume, self._name)
        metadata.namespace = None  # the set's own
        return k8s.core.v1.PersistentVolumeClaimArgs(
            metadata=metadata,
            spec=k8s.core.v1.PersistentVolumeClaimSpecArgs(
                access_modes=["ReadWriteOnce"],
                storage_class_name=self._ground.storage_class,
                resources=k8s.core.v1.VolumeResourceRequirementsArgs(requests={"storage": f"{size}Gi"}),
            ),
        )

    def _budget(self) -> None:
        """Let maintenance of nodes stop one replica at a time."""
        k8s.policy.v1.PodDisruptionBudget(
            self._name,
            metadata=self._ground.metadata(self._component, self._name, self._name),
            spec=k8s.policy.v1.PodDisruptionBudgetSpecArgs(
                max_unavailable=1,
                selector=k8s.meta.v1.LabelSelectorArgs(match_labels=self._selector()),
                unhealthy_pod_eviction_policy="AlwaysAllow",
            ),
            opts=self._opts,
        )

    def _autoscaler(self) -> None:
        scale = self._args.scale
        target = k8s.autoscaling.v2.MetricTargetArgs(type="Utilization", average_utilization=scale.cpu)
        k8s.autoscaling.v2.HorizontalPodAutoscaler(
            self._name,
            metadata=self._ground.metadata(self._component, self._name, self._name),
            spec=k8s.autoscaling.v2.HorizontalPodAutoscalerSpecArgs(
                min_replicas=scale.minimum,
                max_replicas=scale.maximum,
                scale_target_ref=k8s.autoscaling.v2.CrossVersionObjectReferenceArgs(
                    api_version="apps/v1", kind="Deployment", name=self._name
                ),
                metrics=[
                    k8s.autoscaling.v2.MetricSpecArgs(
                        type="Resource",
                        resource=k8s.autoscaling.v2.ResourceMetricSourceArgs(name="cpu", target=target),
                    )
                ],
            ),
            opts=self._opts,
        )


def claim(
    name: str, component: str, size: int, ground: Ground, opts: pulumi.ResourceOptions
) -> pulumi.Output[str]:
    """Create a volume of `size` GiB and return its claim's name. It outlives its server unless data is deletable."""
    made = k8s.core.v1.PersistentVolumeClaim(
        name,
        metadata=ground.metadata(component, name, name),
        spec=k8s.core.v1.PersistentVolumeClaimSpecArgs(
            access_modes=["ReadWriteOnce"],
            storage_class_name=ground.storage_class,
            resources=k8s.core.v1.VolumeResourceRequirementsArgs(requests={"storage": f"{size}Gi"}),
        ),
        opts=pulumi.ResourceOptions.merge(
            opts, pulumi.ResourceOptions(protect=ground.protect, retain_on_delete=not ground.deletable)
        ),
    )
    return made.metadata.apply(lambda metadata: str(metadata.name))
