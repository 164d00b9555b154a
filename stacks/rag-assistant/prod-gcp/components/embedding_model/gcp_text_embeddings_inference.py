"""Text Embeddings Inference on Cloud Run: an embedding model with open weights, on CPUs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pulumi
import pulumi_random as random

from gcp_platform.cloud_run import Container, Scale, Service
from gcp_platform.workloads import Caller
from gcp_platform.zone import Zone

PORT = 8080


@dataclass(frozen=True, kw_only=True)
class GcpTextEmbeddingsInferenceArgs:
    """weights: repository on a model hub, at `revision`. hub: address of a hub that mirrors it.

    identity: what makes its vectors comparable; dimensions: their length, as the spec asks for it.
    """

    gcp: Zone
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
    minimum: int
    maximum: int


class GcpTextEmbeddingsInference(pulumi.ComponentResource):
    """The same vectors as wherever else these weights run, behind the OpenAI API with a key."""

    bindings: dict[str, Mapping[str, pulumi.Input[Any]]]

    def __init__(
        self,
        name: str,
        args: GcpTextEmbeddingsInferenceArgs,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("stackgen:embedding_model:GcpTextEmbeddingsInference", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        key = random.RandomPassword(f"{name}-api-key", length=48, special=False, opts=child).result
        container = Container(
            name="server",
            image=args.gcp.image(args.image),
            args=["--model-id", args.weights, "--revision", args.revision, "--port", str(PORT)],
            environment={"HF_ENDPOINT": args.hub, "HUGGINGFACE_HUB_CACHE": "/tmp/weights"},  # noqa: S108
            secrets={"API_KEY": key},
            port=PORT,
            health_path="/health",
            cpu=args.cpu,
            memory=args.memory,
        )
        scale = Scale(minimum=args.minimum, maximum=args.maximum)
        service = Service(name, args.gcp, [container], scale, opts=child)
        self.bindings = {
            "openai-embeddings": {
                "base-url": pulumi.Output.concat(service.url, "/v1"),
                "api-key": key,
                "model": name,
                **args.identity,
            },
            "openmetrics": {"url": pulumi.Output.concat(service.url, "/metrics"), "bearer-token": key},
        }
        self.register_outputs({"bindings": self.bindings})
