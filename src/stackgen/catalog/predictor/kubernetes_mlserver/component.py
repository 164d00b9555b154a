"""MLServer as a Deployment, with a model out of the registry."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pulumi

from contract_bindings import Bindings
from kubernetes_platform.bindings import publish
from kubernetes_platform.ground import Ground
from kubernetes_platform.pods import Pod
from kubernetes_platform.predictors import METRICS, PORT, mlserver
from kubernetes_platform.servers import Scale, Server, ServerArgs
from kubernetes_platform.workloads import Caller


@dataclass(frozen=True, kw_only=True)
class KubernetesMlserverArgs:
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


class KubernetesMlserver(pulumi.ComponentResource):
    """A predictive model over the Open Inference Protocol, that only callers reach."""

    bindings: Bindings

    def __init__(
        self, name: str, args: KubernetesMlserverArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("stackgen:predictor:KubernetesMlserver", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        ground = args.kubernetes
        container = mlserver(
            name, args.model, args.registry, ground.image(args.image), cpu=args.cpu, memory=args.memory
        )
        server = Server(
            name,
            ServerArgs(
                pod=Pod(containers=[container]),
                port=PORT,
                other_ports={"metrics": METRICS},
                callers=args.callers,
                scale=Scale(minimum=args.minimum, maximum=args.maximum),
            ),
            ground,
            child,
        )
        self.bindings = {
            "open-inference": {"url": server.url, "model": name},
            "openmetrics": {"url": f"http://{server.host}:{METRICS}/metrics"},
        }
        publish(name, self.bindings, ground, child)
        self.register_outputs({"bindings": self.bindings})
