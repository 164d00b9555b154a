"""The user's own service on ECS Fargate."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pulumi

from aws_platform.containers import Container
from aws_platform.fargate import Compute, Service
from aws_platform.images import own_image
from aws_platform.workloads import Caller
from aws_platform.zone import Zone
from binding_variables import environment, split
from contract_bindings import Bindings


@dataclass(frozen=True, kw_only=True)
class AwsFargateArgs:
    """source: the code's folder, which the image is built from. uses: component → bindings it gets as variables.

    image: the image; `image_tag` in a repository of this stack if absent. The command finds HOST and PORT in
    its environment; `health_path` answers 200 when it is ready.
    """

    aws: Zone
    source: str
    command: Sequence[str]
    callers: Sequence[Caller] = ()
    uses: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    port: int | None = None
    image: str | None = None
    image_tag: str
    health_path: str
    cpu: int
    memory: int
    minimum: int
    maximum: int


class AwsFargate(pulumi.ComponentResource):
    """A service behind HTTPS; its variables come from a secret of its own."""

    bindings: Bindings

    def __init__(self, name: str, args: AwsFargateArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("stackgen:service:AwsFargate", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        port = args.port or 8080
        plain, secret = split(environment(args.uses))
        container = Container(
            name="app",
            image=own_image(name, args.aws, args.image, args.image_tag, child),
            command=list(args.command),
            environment={
                **plain,
                "HOST": "0.0.0.0",  # noqa: S104 - a task has an address of its own
                "PORT": str(port),
                "OTEL_SERVICE_NAME": name,
                "HOME": "/tmp",  # noqa: S108 - a volume of the task's own
            },
            secrets=secret,
            port=port,
        )
        compute = Compute(cpu=args.cpu, memory=args.memory, minimum=args.minimum, maximum=args.maximum)
        service = Service(
            name,
            args.aws,
            [container],
            compute,
            health_path=args.health_path,
            callers=args.callers,
            opts=child,
        )
        args.aws.services.connect([service.workload] if args.uses else [])
        self.bindings = {"http": {"url": service.url}}
        self.register_outputs({"bindings": self.bindings})
