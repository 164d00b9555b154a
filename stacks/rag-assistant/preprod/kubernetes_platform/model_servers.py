"""Model servers: weights fetched once from a hub into a volume, OpenAI's API with a key in front."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pulumi
import pulumi_random as random

from contract_bindings import Bindings, OpenaiChatBinding, OpenmetricsBinding
from kubernetes_platform.containers import Container, Health
from kubernetes_platform.ground import Ground
from kubernetes_platform.pods import Pod
from kubernetes_platform.policies import reach_addresses
from kubernetes_platform.servers import Server, ServerArgs, claim
from kubernetes_platform.workloads import Caller

WEIGHTS = "/weights"
HTTPS = 443


@dataclass(frozen=True, kw_only=True)
class ModelServerArgs:
    """key: variable that the server reads its API key from. environment may name WEIGHTS, where the volume is.

    storage: GiB of weights. patience: seconds until weights are fetched and loaded.
    """

    image: str
    args: Sequence[str]
    key: str
    port: int
    callers: Sequence[Caller] = ()
    environment: Mapping[str, str] = field(default_factory=dict[str, str])
    secrets: Mapping[str, pulumi.Input[str]] = field(default_factory=dict[str, pulumi.Input[str]])
    writable: Sequence[str] = ("/tmp",)  # noqa: S108 - a volume of the pod's own
    storage: int = 20
    cpu: str = "2"
    memory: str = "8Gi"
    gpus: int = 0
    patience: int = 1800


class ModelServer:
    """A model server. url: without /v1. api_key: key that clients send."""

    def __init__(
        self, name: str, args: ModelServerArgs, ground: Ground, opts: pulumi.ResourceOptions
    ) -> None:
        password = random.RandomPassword(f"{name}-api-key", length=48, special=False, opts=opts)
        self.api_key = password.result
        container = Container(
            name="server",
            image=ground.image(args.image),
            args=args.args,
            environment={"HOME": "/tmp", **args.environment},  # noqa: S108 - the pod's own
            secrets={args.key: self.api_key, **args.secrets},
            writable=args.writable,
            volumes={WEIGHTS: "weights"},
            ports={"http": args.port},
            health=Health(port=args.port, path="/health", patience=args.patience),
            cpu=args.cpu,
            memory=args.memory,
            gpus=args.gpus,
        )
        weights = claim(f"{name}-weights", name, args.storage, ground, opts)
        pod = Pod(containers=[container], claims={"weights": weights})
        server = Server(name, ServerArgs(pod=pod, port=args.port, callers=args.callers), ground, opts)
        reach_addresses(name, "hub", ground.hub_ranges, [HTTPS], ground, opts)
        self.url = server.url

    def chat(self, name: str) -> Bindings:
        """Return bindings of a chat model."""
        return {"openai-chat": self._answering(name)}

    def embeddings(self, name: str, identity: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
        """Return bindings of an embedding model, with the identity of its vectors, and of its metrics."""
        return {"openai-embeddings": {**self._answering(name), **identity}, "openmetrics": self._measured()}

    def metrics(self) -> Bindings:
        """Return the binding of its metrics; a server without a key for metrics ignores the token."""
        return {"openmetrics": self._measured()}

    def _answering(self, name: str) -> OpenaiChatBinding:
        return {"base-url": f"{self.url}/v1", "api-key": self.api_key, "model": name}

    def _measured(self) -> OpenmetricsBinding:
        return {"url": f"{self.url}/metrics", "bearer-token": self.api_key}


def hub_token(gated: bool) -> dict[str, pulumi.Input[str]]:
    """The hub's token for weights that ask for one: the secret `huggingFaceToken` of Pulumi's configuration."""
    return {"HF_TOKEN": pulumi.Config().require_secret("huggingFaceToken")} if gated else {}
