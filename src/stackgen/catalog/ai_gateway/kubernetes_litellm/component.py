"""LiteLLM's proxy in the cluster, in front of the stack's models."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pulumi
import pulumi_random as random

from contract_bindings import Bindings
from kubernetes_platform.bindings import publish
from kubernetes_platform.containers import Container, Health
from kubernetes_platform.ground import Ground
from kubernetes_platform.pods import Pod
from kubernetes_platform.servers import Scale, Server, ServerArgs
from kubernetes_platform.workloads import Caller
from litellm_proxy import AUTHENTICATE, Splits, bindings_of, model_bindings, proxy

FOLDER = "/etc/litellm"
PORT = 4000


@dataclass(frozen=True, kw_only=True)
class KubernetesLitellmArgs:
    """serves: component → its bindings; each is routed to under its component's name. timeout: seconds.

    splits: name → component → weight. expose: whether it is reached from outside the cluster."""

    kubernetes: Ground
    serves: Mapping[str, Mapping[str, Any]]
    callers: Sequence[Caller] = ()
    image: str
    splits: Splits = field(default_factory=dict[str, Mapping[str, int]])
    timeout: int
    retries: int
    cpu: str
    memory: str
    minimum: int
    maximum: int
    expose: bool


class KubernetesLitellm(pulumi.ComponentResource):
    """A gateway with one key. served: component → the bindings clients reach its model with."""

    bindings: Bindings

    def __init__(
        self, name: str, args: KubernetesLitellmArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("stackgen:ai_gateway:KubernetesLitellm", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        password = random.RandomPassword(f"{name}-api-key", length=48, special=False, opts=child)
        key = pulumi.Output.concat("sk-", password.result)
        models = proxy(args.serves, timeout=args.timeout, retries=args.retries, splits=args.splits)
        container = Container(
            name="litellm",
            image=args.kubernetes.image(args.image),
            command=["litellm"],
            args=["--config", f"{FOLDER}/config.json", "--port", str(PORT), "--num_workers", "1"],
            environment={
                "HOME": "/tmp",  # noqa: S108 - the pod's own
                "LITELLM_LOCAL_MODEL_COST_MAP": "True",
                "LITELLM_MODE": "PRODUCTION",
                "LITELLM_TELEMETRY": "False",
            },
            secrets={**models.secrets, "LITELLM_MASTER_KEY": key},
            files={
                f"{FOLDER}/config.json": models.configuration,
                f"{FOLDER}/authenticate.py": AUTHENTICATE,  # looked for beside the configuration
            },
            ports={"http": PORT},
            health=Health(port=PORT, path="/health/liveliness"),
            cpu=args.cpu,
            memory=args.memory,
        )
        server = Server(
            name,
            ServerArgs(
                pod=Pod(containers=[container]),
                port=PORT,
                callers=args.callers,
                scale=Scale(minimum=args.minimum, maximum=args.maximum),
                expose=args.expose,
            ),
            args.kubernetes,
            child,
        )
        self.served = model_bindings(args.serves, server.url, key)
        self.bindings = bindings_of(self.served, server.url, key, args.splits)
        publish(name, self.bindings, args.kubernetes, child)
        self.register_outputs({"bindings": self.bindings, "address": server.address})
