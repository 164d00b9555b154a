"""An embedding model with open weights, served by vLLM on the cluster's GPUs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pulumi

from kubernetes_platform.bindings import publish
from kubernetes_platform.ground import Ground
from kubernetes_platform.vllm import VllmArgs, vllm
from kubernetes_platform.workloads import Caller


@dataclass(frozen=True, kw_only=True)
class KubernetesVllmArgs:
    """weights: repository on a model hub, at `revision`. hub: address of a hub that mirrors it. storage: GiB.

    identity: what makes its vectors comparable; dimensions: their length, as the spec asks for it.
    """

    kubernetes: Ground
    model: str
    weights: str
    identity: Mapping[str, Any]
    callers: Sequence[Caller] = ()
    dimensions: int | None = None
    revision: str
    hub: str
    image: str
    gpus: int
    cpu: str
    memory: str
    storage: int


class KubernetesVllm(pulumi.ComponentResource):
    """An embedding model behind the OpenAI API, with a key, that only callers reach."""

    bindings: dict[str, Mapping[str, Any]]

    def __init__(
        self, name: str, args: KubernetesVllmArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("stackgen:embedding_model:KubernetesVllm", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        given = VllmArgs(
            weights=args.weights,
            revision=args.revision,
            hub=args.hub,
            gated=False,
            image=args.image,
            callers=args.callers,
            flags=["--runner", "pooling"],
            gpus=args.gpus,
            cpu=args.cpu,
            memory=args.memory,
            storage=args.storage,
        )
        server = vllm(name, given, args.kubernetes, child)
        self.bindings = server.embeddings(name, args.identity)
        publish(name, self.bindings, args.kubernetes, child)
        self.register_outputs({"bindings": self.bindings})
