"""Pod templates, with the ConfigMap and Secrets that their containers read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import pulumi
import pulumi_kubernetes as k8s

from kubernetes_platform.containers import Container, pod_security
from kubernetes_platform.ground import Ground
from kubernetes_platform.naming import bound_name
from kubernetes_platform.workloads import pods_of

JUSTIFIED = {
    "checkov.io/skip1": "CKV_K8S_35=unmodified clients and servers read their variables, not files",
    "checkov.io/skip2": "CKV_K8S_43=digests are the mirror's to pin: give images as name:tag@sha256:digest",
}
"""Annotations with the reasons why rules of checkov do not apply to these pods."""


@dataclass(frozen=True, kw_only=True)
class Pod:
    """The pods of a component. first: containers that end before the others start. claims: volume → claim.

    spread: run replicas on different nodes and in different zones. grace: seconds in which a pod must end.
    """

    containers: Sequence[Container]
    first: Sequence[Container] = ()
    claims: Mapping[str, pulumi.Input[str]] = field(default_factory=dict[str, pulumi.Input[str]])
    restart: str = "Always"
    grace: int = 30
    spread: bool = False


def template(
    name: str, component: str, pod: Pod, ground: Ground, opts: pulumi.ResourceOptions
) -> k8s.core.v1.PodTemplateSpecArgs:
    """Return the pod template of workload `name` of a component; create the ConfigMap and Secrets that it reads."""
    metadata = ground.metadata(component, None, name, JUSTIFIED)
    metadata.namespace = None  # the workload's own
    return k8s.core.v1.PodTemplateSpecArgs(
        metadata=metadata, spec=pod_spec(name, component, pod, ground, opts)
    )


def pod_spec(
    name: str, component: str, pod: Pod, ground: Ground, opts: pulumi.ResourceOptions
) -> k8s.core.v1.PodSpecArgs:
    """Return the specification of the pods, for a template of Kubernetes or of an operator."""
    every = [*pod.first, *pod.containers]
    secret = _variables(name, component, every, ground, opts)
    files = _files(name, component, every, ground, opts)
    gpus = any(item.gpus for item in every)
    return k8s.core.v1.PodSpecArgs(
        service_account_name=ground.workload(component).account_name,
        automount_service_account_token=False,
        enable_service_links=False,
        security_context=pod_security(),
        init_containers=[_container(item, files, secret, ground) for item in pod.first] or None,
        containers=[_container(item, files, secret, ground) for item in pod.containers],
        volumes=[*files.values(), *_scratch(every), *_claims(pod)] or None,
        image_pull_secrets=(
            [k8s.core.v1.LocalObjectReferenceArgs(name=ground.pull_secret)] if ground.pull_secret else None
        ),
        node_selector={**ground.nodes.selector, **(ground.nodes.gpu_selector if gpus else {})} or None,
        tolerations=[_toleration(ground)] if gpus else None,
        topology_spread_constraints=_spread(component) if pod.spread else None,
        restart_policy=pod.restart,
        termination_grace_period_seconds=pod.grace,
    )


def _container(
    item: Container,
    files: Mapping[str, k8s.core.v1.VolumeArgs],
    secret: pulumi.Input[str] | None,
    ground: Ground,
) -> k8s.core.v1.ContainerArgs:
    mount = k8s.core.v1.VolumeMountArgs
    mounts = [mount(name=_scratch_name(path), mount_path=path) for path in item.writable]
    mounts += [mount(name=claim, mount_path=path) for path, claim in item.volumes.items()]
    for kind, given in (("files", item.files), ("secret-files", item.secret_files)):
        if kind in files:
            mounts += [
                mount(name=kind, mount_path=path, sub_path=_file_key(item, path), read_only=True)
                for path in given
            ]
    return item.spec(mounts, secret if item.secrets else None, ground.nodes.gpu)


def _variables(
    name: str, component: str, containers: Sequence[Container], ground: Ground, opts: pulumi.ResourceOptions
) -> pulumi.Output[str] | None:
    """One immutable Secret with all containers' secret variables; another content is another Secret, and a rollout."""
    values = {item.secret_key(key): value for item in containers for key, value in item.secrets.items()}
    if not values:
        return None
    made = k8s.core.v1.Secret(
        f"{name}-variables",
        metadata=ground.metadata(component, None, name),
        string_data=values,
        immutable=True,
        opts=opts,
    )
    return made.metadata.apply(lambda metadata: str(metadata.name))


def _files(
    name: str, component: str, containers: Sequence[Container], ground: Ground, opts: pulumi.ResourceOptions
) -> dict[str, k8s.core.v1.VolumeArgs]:
    """Volumes of the files that containers read: plain ones of a ConfigMap, secret ones of a Secret."""
    plain = {_file_key(item, path): text for item in containers for path, text in item.files.items()}
    secret = {_file_key(item, path): text for item in containers for path, text in item.secret_files.items()}
    found: dict[str, k8s.core.v1.VolumeArgs] = {}
    if plain:
        config_map = k8s.core.v1.ConfigMap(
            f"{name}-files",
            metadata=ground.metadata(component, None, name),
            data=plain,
            immutable=True,
            opts=opts,
        )
        map_name = config_map.metadata.apply(lambda metadata: str(metadata.name))
        source = k8s.core.v1.ConfigMapVolumeSourceArgs(name=map_name)
        found["files"] = k8s.core.v1.VolumeArgs(name="files", config_map=source)
    if secret:
        made = k8s.core.v1.Secret(
            f"{name}-secret-files",
            metadata=ground.metadata(component, None, name),
            string_data=secret,
            immutable=True,
            opts=opts,
        )
        secret_name = made.metadata.apply(lambda metadata: str(metadata.name))
        found["secret-files"] = k8s.core.v1.VolumeArgs(
            name="secret-files",
            secret=k8s.core.v1.SecretVolumeSourceArgs(secret_name=secret_name, default_mode=0o440),
        )
    return found


def _file_key(item: Container, path: str) -> str:
    return f"{item.name}.{path.strip('/').replace('/', '.')}"


def _scratch(containers: Sequence[Container]) -> list[k8s.core.v1.VolumeArgs]:
    paths = dict.fromkeys(path for item in containers for path in item.writable)
    empty = k8s.core.v1.EmptyDirVolumeSourceArgs
    return [k8s.core.v1.VolumeArgs(name=_scratch_name(path), empty_dir=empty()) for path in paths]


def _scratch_name(path: str) -> str:
    return bound_name(f"scratch-{path.strip('/').replace('/', '-').lower()}")


def _claims(pod: Pod) -> list[k8s.core.v1.VolumeArgs]:
    claim = k8s.core.v1.PersistentVolumeClaimVolumeSourceArgs
    return [
        k8s.core.v1.VolumeArgs(name=volume, persistent_volume_claim=claim(claim_name=name))
        for volume, name in pod.claims.items()
    ]


def _toleration(ground: Ground) -> k8s.core.v1.TolerationArgs:
    return k8s.core.v1.TolerationArgs(key=ground.nodes.gpu_taint, operator="Exists", effect="NoSchedule")


def _spread(component: str) -> list[k8s.core.v1.TopologySpreadConstraintArgs]:
    return [
        k8s.core.v1.TopologySpreadConstraintArgs(
            topology_key=key,
            max_skew=1,
            when_unsatisfiable="ScheduleAnyway",
            label_selector=pods_of(component),
        )
        for key in ("topology.kubernetes.io/zone", "kubernetes.io/hostname")
    ]
