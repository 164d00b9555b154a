"""A chat model with open weights, served by vLLM on the cluster's GPUs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pulumi

from contract_bindings import Bindings
from kubernetes_platform.bindings import publish
from kubernetes_platform.ground import Ground
from kubernetes_platform.vllm import VllmArgs, vllm
from kubernetes_platform.workloads import Caller


@dataclass(frozen=True, kw_only=True)
class KubernetesVllmArgs:
    """model: logical name. weights: repository on a model hub, at `revision`. context: tokens. storage: GiB.

    gated: whether the weights ask for a token, the secret `huggingFaceToken` of Pulumi's configuration.
    """

    kubernetes: Ground
    model: str
    weights: str
    callers: Sequence[Caller] = ()
    revision: str
    gated: bool
    hub: str
    image: str
    gpus: int
    cpu: str
    memory: str
    storage: int
    context: int
    tool_call_parser: str


class KubernetesVllm(pulumi.ComponentResource):
    """A chat model behind the OpenAI API, with a key, that only callers reach."""

    bindings: Bindings

    def __init__(
        self, name: str, args: KubernetesVllmArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("stackgen:chat_model:KubernetesVllm", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        flags = ["--max-model-len", str(args.context), "--enable-auto-tool-choice"]
        flags += ["--tool-call-parser", args.tool_call_parser]
        given = VllmArgs(
            weights=args.weights,
            revision=args.revision,
            hub=args.hub,
            gated=args.gated,
            image=args.image,
            callers=args.callers,
            flags=flags,
            gpus=args.gpus,
            cpu=args.cpu,
            memory=args.memory,
            storage=args.storage,
        )
        server = vllm(name, given, args.kubernetes, child)
        self.bindings = {**server.chat(name), **server.metrics()}
        publish(name, self.bindings, args.kubernetes, child)
        self.register_outputs({"bindings": self.bindings})
