"""The user's own service on Cloud Run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pulumi

from binding_variables import environment, split
from contract_bindings import Bindings
from gcp_platform.cloud_run import Container, Scale, Service
from gcp_platform.images import own_image
from gcp_platform.workloads import Caller
from gcp_platform.zone import Zone


@dataclass(frozen=True, kw_only=True)
class GcpCloudRunArgs:
    """source: the code's folder, which the image is built from. uses: component → bindings it gets as variables.

    image: the image; `image_tag` in a repository of this stack if absent. The command finds HOST and PORT in
    its environment; `health_path` answers 200 when it is ready.
    """

    gcp: Zone
    source: str
    command: Sequence[str]
    callers: Sequence[Caller] = ()
    uses: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    port: int | None = None
    image: str | None = None
    image_tag: str
    health_path: str
    cpu: str
    memory: str
    minimum: int
    maximum: int


class GcpCloudRun(pulumi.ComponentResource):
    """A service behind HTTPS; what is secret of its variables comes from secrets of its own."""

    bindings: Bindings

    def __init__(self, name: str, args: GcpCloudRunArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("stackgen:service:GcpCloudRun", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        plain, secret = split(environment(args.uses))
        workload = args.gcp.workload(name)
        container = Container(
            name="app",
            image=own_image(name, args.gcp, workload, args.image, args.image_tag, child),
            command=list(args.command),
            environment={**plain, "HOST": "0.0.0.0", "OTEL_SERVICE_NAME": name},  # noqa: S104
            secrets=secret,
            port=args.port or 8080,  # Cloud Run says it in PORT
            health_path=args.health_path,
            cpu=args.cpu,
            memory=args.memory,
        )
        scale = Scale(minimum=args.minimum, maximum=args.maximum)
        service = Service(name, args.gcp, [container], scale, opts=child)
        self.bindings = {"http": {"url": service.url}}
        self.register_outputs({"bindings": self.bindings})
