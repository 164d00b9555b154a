"""A predictive model on a Vertex AI endpoint, and in front of it the Open Inference Protocol."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pulumi
import pulumi_gcp as gcp
import pulumi_random as random
from open_inference_tunnel import ALIVE, FRONT

from contract_bindings import Bindings
from gcp_platform.cloud_run import Container, Scale, Service
from gcp_platform.images import own_image
from gcp_platform.naming import physical_name
from gcp_platform.workloads import Caller, Workload
from gcp_platform.zone import Zone

PORT = 8080
SCRIPT = "/etc/front/front.py"
TOKENS = "http://metadata.google.internal/computeMetadata/v1/instance/service-accounts/default/token"


@dataclass(frozen=True, kw_only=True)
class GcpVertexAiArgs:
    """model: the registry reference that the image is built with. registry: bindings of the registry it is in.

    image: the image with the model in it; `image_tag` in a repository of this stack if absent.
    """

    gcp: Zone
    model: str
    registry: Mapping[str, Any]
    callers: Sequence[Caller] = ()
    image: str | None = None
    image_tag: str
    front_image: str
    minimum: int
    maximum: int


class GcpVertexAi(pulumi.ComponentResource):
    """Endpoint, repository and front; who promotes a model deploys it to the endpoint."""

    bindings: Bindings

    def __init__(self, name: str, args: GcpVertexAiArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("stackgen:predictor:GcpVertexAi", name, None, opts)
        self._child = child = pulumi.ResourceOptions(parent=self)
        zone, workload = args.gcp, args.gcp.workload(name)
        image = own_image(name, zone, workload, args.image, args.image_tag, child)
        endpoint = self._endpoint(name, args, workload)
        container = Container(
            name="front",
            image=zone.image(args.front_image),
            command=["python", SCRIPT],
            environment={"UPSTREAM_URL": _address(zone, endpoint), "TOKEN_URL": TOKENS},
            files={SCRIPT: FRONT},
            port=PORT,
            health_path=ALIVE,
            memory="512Mi",
        )
        scale = Scale(minimum=args.minimum, maximum=args.maximum)
        service = Service(name, zone, [container], scale, opts=child)
        self.bindings = {"open-inference": {"url": service.url, "model": name}}
        self.register_outputs({"bindings": self.bindings, "endpoint": endpoint.id, "image": image})

    def _endpoint(self, name: str, args: GcpVertexAiArgs, workload: Workload) -> gcp.vertex.AiEndpoint:
        """An endpoint that only the front may call."""
        zone = args.gcp
        number = random.RandomInteger(f"{name}-endpoint", min=100000000, max=999999999, opts=self._child)
        encrypted = zone.grant_key("aiplatform.googleapis.com")
        endpoint = gcp.vertex.AiEndpoint(
            f"{name}-endpoint",
            name=number.result.apply(str),
            display_name=physical_name(name, 128),
            description=f"Serves {args.model}",
            location=zone.region,
            region=zone.region,
            encryption_spec=gcp.vertex.AiEndpointEncryptionSpecArgs(kms_key_name=zone.key_id),
            opts=pulumi.ResourceOptions.merge(self._child, pulumi.ResourceOptions(depends_on=[encrypted])),
        )
        gcp.vertex.AiEndpointIamMember(
            f"{name}-invoke",
            endpoint=endpoint.name,
            location=zone.region,
            role=zone.may_predict(),
            member=workload.member,
            opts=self._child,
        )
        return endpoint


def _address(zone: Zone, endpoint: gcp.vertex.AiEndpoint) -> pulumi.Output[str]:
    """Takes a request's body as it is (https://cloud.google.com/vertex-ai/docs/reference/rest, rawPredict)."""
    base = f"https://{zone.region}-aiplatform.googleapis.com/v1/projects/{zone.project}"
    return pulumi.Output.concat(f"{base}/locations/{zone.region}/endpoints/", endpoint.name, ":rawPredict")
