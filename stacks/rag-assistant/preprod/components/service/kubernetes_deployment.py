"""The user's own service as a Deployment."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pulumi

from binding_variables import environment, split
from contract_bindings import Bindings
from kubernetes_platform.bindings import publish
from kubernetes_platform.containers import Container, Health
from kubernetes_platform.ground import Ground
from kubernetes_platform.pods import Pod
from kubernetes_platform.servers import Scale, Server, ServerArgs
from kubernetes_platform.workloads import Caller


@dataclass(frozen=True, kw_only=True)
class KubernetesDeploymentArgs:
    """source: the code's folder, which the image is built from. uses: component → bindings it gets as variables.

    image: the image; `image_tag` in the environment's registry if absent. The command finds HOST and PORT in
    its environment; `health_path` answers 200 when it is ready.
    """

    kubernetes: Ground
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
    expose: bool


class KubernetesDeployment(pulumi.ComponentResource):
    """A service that only callers reach; what is secret of its variables comes from a Secret."""

    bindings: Bindings

    def __init__(
        self, name: str, args: KubernetesDeploymentArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("stackgen:service:KubernetesDeployment", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        plain, secret = split(environment(args.uses))
        port = args.port or 8080
        container = Container(
            name="app",
            image=args.image or args.kubernetes.own_image(name, args.image_tag),
            command=list(args.command),
            environment={**plain, "HOST": "0.0.0.0", "PORT": str(port), "OTEL_SERVICE_NAME": name},  # noqa: S104
            secrets=secret,
            ports={"http": port},
            health=Health(port=port, path=args.health_path),
            cpu=args.cpu,
            memory=args.memory,
        )
        server = Server(
            name,
            ServerArgs(
                pod=Pod(containers=[container]),
                port=port,
                callers=args.callers,
                scale=Scale(minimum=args.minimum, maximum=args.maximum),
                expose=args.expose,
            ),
            args.kubernetes,
            child,
        )
        self.bindings = {"http": {"url": server.url}}
        publish(name, self.bindings, args.kubernetes, child)
        self.register_outputs({"bindings": self.bindings, "address": server.address})
