"""vLLM, whichever kind of model it serves. https://docs.vllm.ai/en/latest/cli/serve/"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pulumi

from kubernetes_platform.ground import Ground
from kubernetes_platform.model_servers import WEIGHTS, ModelServer, ModelServerArgs, hub_token
from kubernetes_platform.workloads import Caller

PORT = 8000


@dataclass(frozen=True, kw_only=True)
class VllmArgs:
    """weights: repository on a model hub, at `revision`. flags: for this kind of model. storage: GiB."""

    weights: str
    revision: str
    hub: str
    gated: bool
    image: str
    callers: Sequence[Caller]
    flags: Sequence[str]
    gpus: int
    cpu: str
    memory: str
    storage: int


def vllm(name: str, args: VllmArgs, ground: Ground, opts: pulumi.ResourceOptions) -> ModelServer:
    """A server for one model, under the component's name."""
    flags = [args.weights, "--revision", args.revision, "--served-model-name", name]
    flags += ["--port", str(PORT), "--tensor-parallel-size", str(args.gpus), *args.flags]
    given = ModelServerArgs(
        image=args.image,
        args=flags,
        key="VLLM_API_KEY",
        port=PORT,
        callers=args.callers,
        environment={
            "HF_HOME": WEIGHTS,
            "HF_ENDPOINT": args.hub,
            "VLLM_NO_USAGE_STATS": "1",
            "VLLM_CACHE_ROOT": f"{WEIGHTS}/compiled",
        },
        secrets=hub_token(args.gated),
        writable=["/tmp", "/dev/shm"],  # noqa: S108 - volumes of the pod's own
        storage=args.storage,
        cpu=args.cpu,
        memory=args.memory,
        gpus=args.gpus,
    )
    return ModelServer(name, given, ground, opts)
