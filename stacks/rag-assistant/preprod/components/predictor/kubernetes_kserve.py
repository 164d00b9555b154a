"""KServe, with MLServer as its runtime and a model out of the registry.

https://kserve.github.io/website/docs/reference/crd-api
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pulumi
import pulumi_kubernetes as k8s
from pulumi_kubernetes.apiextensions import CustomResource

from contract_bindings import Bindings
from kubernetes_platform.bindings import publish
from kubernetes_platform.ground import Ground
from kubernetes_platform.pods import JUSTIFIED, Pod, pod_spec
from kubernetes_platform.policies import admit
from kubernetes_platform.predictors import METRICS, PORT, mlserver
from kubernetes_platform.workloads import Caller, pods_of

CONTAINER = "kserve-container"  # the name by which KServe knows the one that predicts
ANNOTATIONS = {
    "serving.kserve.io/deploymentMode": "RawDeployment",
    "pulumi.com/waitFor": "condition=Ready",
}


@dataclass(frozen=True, kw_only=True)
class KubernetesKserveArgs:
    """model: registry reference, looked up when a pod starts. registry: bindings of the registry it is in."""

    kubernetes: Ground
    model: str
    registry: Mapping[str, Any]
    callers: Sequence[Caller] = ()
    image: str
    cpu: str
    memory: str
    minimum: int
    maximum: int


class KubernetesKserve(pulumi.ComponentResource):
    """A predictive model over the Open Inference Protocol, that only callers reach."""

    bindings: Bindings

    def __init__(
        self, name: str, args: KubernetesKserveArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("stackgen:predictor:KubernetesKserve", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        ground = args.kubernetes
        container = mlserver(
            name,
            args.model,
            args.registry,
            ground.image(args.image),
            cpu=args.cpu,
            memory=args.memory,
            container=CONTAINER,
        )
        pod = pod_spec(name, name, Pod(containers=[container], spread=args.maximum > 1), ground, child)
        predictor = {
            "labels": ground.metadata(name).labels,
            "annotations": JUSTIFIED,
            "minReplicas": args.minimum,
            "maxReplicas": args.maximum,
            "serviceAccountName": pod.service_account_name,
            "automountServiceAccountToken": False,
            "enableServiceLinks": False,
            "securityContext": pod.security_context,
            "containers": pod.containers,
            "volumes": pod.volumes,
            "imagePullSecrets": pod.image_pull_secrets,
            "nodeSelector": pod.node_selector,
            "topologySpreadConstraints": pod.topology_spread_constraints,
        }
        CustomResource(
            name,
            api_version="serving.kserve.io/v1beta1",
            kind="InferenceService",
            metadata=ground.metadata(name, name, name, ANNOTATIONS),
            spec={"predictor": {key: value for key, value in predictor.items() if value is not None}},
            opts=child,
        )
        admit(name, [PORT, METRICS], args.callers, ground, child)
        url = f"http://{name}-predictor.{ground.namespace}.svc"
        self.bindings = {
            "open-inference": {"url": url, "model": name},
            "openmetrics": {"url": self._metrics(name, ground, child)},
        }
        publish(name, self.bindings, ground, child)
        self.register_outputs({"bindings": self.bindings})

    def _metrics(self, name: str, ground: Ground, child: pulumi.ResourceOptions) -> str:
        """An address of our own for metrics, which KServe's Service leaves out; their URL."""
        service = f"{name}-metrics"
        k8s.core.v1.Service(
            service,
            # whether pods are behind it is KServe's to say
            metadata=ground.metadata(name, service, name, {"pulumi.com/skipAwait": "true"}),
            spec=k8s.core.v1.ServiceSpecArgs(
                type="ClusterIP",
                selector=pods_of(name).match_labels,
                ports=[
                    k8s.core.v1.ServicePortArgs(
                        name="main", port=METRICS, target_port=METRICS, protocol="TCP"
                    )
                ],
            ),
            opts=child,
        )
        return f"http://{service}.{ground.namespace}.svc:{METRICS}/metrics"
