"""Text Embeddings Inference in the cluster: an embedding model with open weights, on CPUs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pulumi

from kubernetes_platform.bindings import publish
from kubernetes_platform.ground import Ground
from kubernetes_platform.model_servers import WEIGHTS, ModelServer, ModelServerArgs
from kubernetes_platform.workloads import Caller

PORT = 8080


@dataclass(frozen=True, kw_only=True)
class KubernetesTextEmbeddingsInferenceArgs:
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
    cpu: str
    memory: str
    storage: int


class KubernetesTextEmbeddingsInference(pulumi.ComponentResource):
    """The same vectors as wherever else these weights run, behind the OpenAI API with a key."""

    bindings: dict[str, Mapping[str, Any]]

    def __init__(
        self,
        name: str,
        args: KubernetesTextEmbeddingsInferenceArgs,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("stackgen:embedding_model:KubernetesTextEmbeddingsInference", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        given = ModelServerArgs(
            image=args.image,
            args=["--model-id", args.weights, "--revision", args.revision, "--port", str(PORT)],
            key="API_KEY",
            port=PORT,
            callers=args.callers,
            environment={"HF_ENDPOINT": args.hub, "HUGGINGFACE_HUB_CACHE": WEIGHTS},
            storage=args.storage,
            cpu=args.cpu,
            memory=args.memory,
        )
        server = ModelServer(name, given, args.kubernetes, child)
        self.bindings = server.embeddings(name, args.identity)
        publish(name, self.bindings, args.kubernetes, child)
        self.register_outputs({"bindings": self.bindings})
