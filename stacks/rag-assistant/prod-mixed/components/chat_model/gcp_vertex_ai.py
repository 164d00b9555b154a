"""A chat model of Vertex AI."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pulumi

from gcp_platform.vertex import open_to
from gcp_platform.workloads import Caller
from gcp_platform.zone import Zone


@dataclass(frozen=True, kw_only=True)
class GcpVertexAiArgs:
    """model: logical name. model_id: Vertex AI's. location: a region, a multi-region, or global."""

    gcp: Zone
    callers: Sequence[Caller] = ()
    model: str
    model_id: str
    location: str


class GcpVertexAi(pulumi.ComponentResource):
    """Leave to call a model; the gateway that serves it speaks OpenAI's API for it."""

    bindings: dict[str, Mapping[str, pulumi.Input[Any]]]

    def __init__(self, name: str, args: GcpVertexAiArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("stackgen:chat_model:GcpVertexAi", name, None, opts)
        access = open_to(name, args.gcp, args.callers, args.location, pulumi.ResourceOptions(parent=self))
        self.bindings = {"upstream": {"model": f"vertex_ai/{args.model_id}", **access}, "openai-chat": {}}
        self.register_outputs({"model-id": args.model_id})
