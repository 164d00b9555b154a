"""llama.cpp's server with any GGUF chat model, on the cluster's CPUs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pulumi

from contract_bindings import Bindings
from kubernetes_platform.bindings import publish
from kubernetes_platform.ground import Ground
from kubernetes_platform.model_servers import WEIGHTS, ModelServer, ModelServerArgs
from kubernetes_platform.workloads import Caller

PORT = 8080


@dataclass(frozen=True, kw_only=True)
class KubernetesLlamaCppArgs:
    """model: logical name. weights: hf:<org>/<repo>/<file>. context: tokens. storage: GiB."""

    kubernetes: Ground
    model: str
    weights: str
    callers: Sequence[Caller] = ()
    hub: str
    image: str
    context: int
    slots: int
    cpu: str
    memory: str
    storage: int


class KubernetesLlamaCpp(pulumi.ComponentResource):
    """A chat model behind the OpenAI API, with a key, that only callers reach."""

    bindings: Bindings

    def __init__(
        self, name: str, args: KubernetesLlamaCppArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("stackgen:chat_model:KubernetesLlamaCpp", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        organisation, repository, file = args.weights.removeprefix("hf:").split("/", 2)
        flags = ["--hf-repo", f"{organisation}/{repository}", "--hf-file", file, "--alias", name]
        flags += ["--host", "0.0.0.0", "--port", str(PORT), "--metrics", "--jinja"]  # noqa: S104 - a pod's own
        flags += ["--ctx-size", str(args.context * args.slots), "--parallel", str(args.slots)]
        flags += ["--threads", args.cpu]
        given = ModelServerArgs(
            image=args.image,
            args=flags,
            key="LLAMA_API_KEY",
            port=PORT,
            callers=args.callers,
            environment={"LLAMA_CACHE": WEIGHTS, "MODEL_ENDPOINT": args.hub},
            storage=args.storage,
            cpu=args.cpu,
            memory=args.memory,
        )
        server = ModelServer(name, given, args.kubernetes, child)
        self.bindings = {**server.chat(name), **server.metrics()}
        publish(name, self.bindings, args.kubernetes, child)
        self.register_outputs({"bindings": self.bindings})
