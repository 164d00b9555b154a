"""Text Embeddings Inference on ECS Fargate: an embedding model with open weights, on CPUs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pulumi
import pulumi_random as random

from aws_platform.containers import Container
from aws_platform.fargate import Compute, Service
from aws_platform.workloads import Caller
from aws_platform.zone import Zone

PORT = 8080
CACHE = "/data"


@dataclass(frozen=True, kw_only=True)
class AwsTextEmbeddingsInferenceArgs:
    """weights: repository on a model hub, at `revision`. hub: address of a hub that mirrors it.

    identity: what makes its vectors comparable; dimensions: their length, as the spec asks for it.
    """

    aws: Zone
    model: str
    weights: str
    identity: Mapping[str, Any]
    callers: Sequence[Caller] = ()
    dimensions: int | None = None
    revision: str
    hub: str
    image: str
    cpu: int
    memory: int
    minimum: int
    maximum: int


class AwsTextEmbeddingsInference(pulumi.ComponentResource):
    """The same vectors as wherever else these weights run, behind the OpenAI API with a key."""

    bindings: dict[str, Mapping[str, pulumi.Input[Any]]]

    def __init__(
        self,
        name: str,
        args: AwsTextEmbeddingsInferenceArgs,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("stackgen:embedding_model:AwsTextEmbeddingsInference", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        key = random.RandomPassword(f"{name}-api-key", length=48, special=False, opts=child).result
        container = Container(
            name="server",
            image=args.aws.image(args.image),
            command=["--model-id", args.weights, "--revision", args.revision, "--port", str(PORT)],
            environment={
                "HF_ENDPOINT": args.hub,
                "HUGGINGFACE_HUB_CACHE": CACHE,
                "HOME": "/tmp",  # noqa: S108 - a volume of the task's own
            },
            secrets={"API_KEY": key},
            writable=["/tmp", CACHE],  # noqa: S108
            port=PORT,
        )
        service = Service(
            name,
            args.aws,
            [container],
            Compute(cpu=args.cpu, memory=args.memory, minimum=args.minimum, maximum=args.maximum),
            health_path="/health",
            callers=args.callers,
            opts=child,
        )
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
