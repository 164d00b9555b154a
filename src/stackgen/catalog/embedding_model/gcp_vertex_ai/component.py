"""An embedding model of Vertex AI."""

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
    """model: logical name. model_id: Vertex AI's. location: a region, a multi-region, or global.

    identity: what makes its vectors comparable; dimensions: their length, as the spec asks for it.
    """

    gcp: Zone
    callers: Sequence[Caller] = ()
    model: str
    model_id: str
    location: str
    identity: Mapping[str, Any]
    dimensions: int | None = None


class GcpVertexAi(pulumi.ComponentResource):
    """Leave to call a model; the gateway that serves it speaks OpenAI's API for it."""

    bindings: dict[str, Mapping[str, pulumi.Input[Any]]]

    def __init__(self, name: str, args: GcpVertexAiArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("stackgen:embedding_model:GcpVertexAi", name, None, opts)
        access = open_to(name, args.gcp, args.callers, args.location, pulumi.ResourceOptions(parent=self))
        length = args.identity["dimensions"]
        self.bindings = {
            "upstream": {"model": f"vertex_ai/{args.model_id}", "dimensions": length, **access},
            "openai-embeddings": {**args.identity},
        }
        self.register_outputs({"model-id": args.model_id})
