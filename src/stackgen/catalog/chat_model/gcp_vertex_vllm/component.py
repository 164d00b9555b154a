"""A chat model with open weights on a Vertex AI endpoint, served by vLLM."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pulumi
import pulumi_gcp as gcp

from gcp_platform.naming import physical_name
from gcp_platform.vertex import open_to
from gcp_platform.workloads import Caller
from gcp_platform.zone import Zone


@dataclass(frozen=True, kw_only=True)
class GcpVertexVllmArgs:
    """model: logical name. weights: repository on Hugging Face. gated: whether it asks for a token.

    The token, where one is needed, is the secret `huggingFaceToken` of Pulumi's configuration.
    """

    gcp: Zone
    model: str
    weights: str
    callers: Sequence[Caller] = ()
    gated: bool
    machine_type: str
    accelerator: str
    accelerators: int
    replicas: int


class GcpVertexVllm(pulumi.ComponentResource):
    """A dedicated endpoint; the gateway that serves it speaks OpenAI's API for it."""

    bindings: dict[str, Mapping[str, pulumi.Input[Any]]]

    def __init__(
        self, name: str, args: GcpVertexVllmArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("stackgen:chat_model:GcpVertexVllm", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        token = pulumi.Config().require_secret("huggingFaceToken") if args.gated else None
        deployment = gcp.vertex.AiEndpointWithModelGardenDeployment(
            f"{name}-endpoint",
            location=args.gcp.region,
            hugging_face_model_id=args.weights.lower(),
            model_config=gcp.vertex.AiEndpointWithModelGardenDeploymentModelConfigArgs(
                accept_eula=True,
                hugging_face_access_token=token,
                model_display_name=physical_name(name, 128),
            ),
            endpoint_config=gcp.vertex.AiEndpointWithModelGardenDeploymentEndpointConfigArgs(
                endpoint_display_name=physical_name(name, 128), dedicated_endpoint_enabled=True
            ),
            deploy_config=_machines(args),
            opts=child,
        )
        access = open_to(name, args.gcp, args.callers, args.gcp.region, child)
        route = pulumi.Output.concat("vertex_ai/openai/", deployment.endpoint)
        self.bindings = {"upstream": {"model": route, **access}, "openai-chat": {}}
        self.register_outputs({"endpoint": deployment.endpoint})


def _machines(
    args: GcpVertexVllmArgs,
) -> gcp.vertex.AiEndpointWithModelGardenDeploymentDeployConfigArgs:
    vertex = gcp.vertex
    machine = vertex.AiEndpointWithModelGardenDeploymentDeployConfigDedicatedResourcesMachineSpecArgs(
        machine_type=args.machine_type,
        accelerator_type=args.accelerator,
        accelerator_count=args.accelerators,
    )
    return vertex.AiEndpointWithModelGardenDeploymentDeployConfigArgs(
        dedicated_resources=vertex.AiEndpointWithModelGardenDeploymentDeployConfigDedicatedResourcesArgs(
            machine_spec=machine, min_replica_count=args.replicas, max_replica_count=args.replicas + 1
        )
    )
