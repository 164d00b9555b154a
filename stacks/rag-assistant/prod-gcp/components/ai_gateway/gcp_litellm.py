"""LiteLLM's proxy on Cloud Run, in front of the stack's models."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pulumi
import pulumi_random as random

from contract_bindings import Bindings
from gcp_platform.cloud_run import Container, Scale, Service
from gcp_platform.workloads import Caller
from gcp_platform.zone import Zone
from litellm_proxy import AUTHENTICATE, Splits, bindings_of, model_bindings, proxy

CONFIGURATION = "/etc/litellm/config.json"
MODULE = "/etc/litellm-authenticate/authenticate.py"
PORT = 4000


@dataclass(frozen=True, kw_only=True)
class GcpLitellmArgs:
    """serves: component → its bindings; each is routed to under its component's name. timeout: seconds.

    splits: name → component → weight."""

    gcp: Zone
    serves: Mapping[str, Mapping[str, Any]]
    callers: Sequence[Caller] = ()
    image: str
    splits: Splits = field(default_factory=dict[str, Mapping[str, int]])
    timeout: int
    retries: int
    cpu: str
    memory: str
    minimum: int
    maximum: int


class GcpLitellm(pulumi.ComponentResource):
    """A gateway with one key. served: component → the bindings clients reach its model with."""

    bindings: Bindings

    def __init__(self, name: str, args: GcpLitellmArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("stackgen:ai_gateway:GcpLitellm", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        password = random.RandomPassword(f"{name}-api-key", length=48, special=False, opts=child)
        key = pulumi.Output.concat("sk-", password.result)
        models = proxy(args.serves, timeout=args.timeout, retries=args.retries, splits=args.splits)
        # LiteLLM looks for the module beside its configuration; each file is mounted in a folder of its own
        start = (
            f"mkdir -p /tmp/litellm && cp {CONFIGURATION} {MODULE} /tmp/litellm/ && "
            f"exec litellm --config /tmp/litellm/config.json --port {PORT} --num_workers 1"
        )
        container = Container(
            name="litellm",
            image=args.gcp.image(args.image),
            command=["sh", "-euc"],
            args=[start],
            environment={
                "HOME": "/tmp",  # noqa: S108 - an instance's own, in memory
                "LITELLM_LOCAL_MODEL_COST_MAP": "True",
                "LITELLM_MODE": "PRODUCTION",
                "LITELLM_TELEMETRY": "False",
            },
            secrets={**models.secrets, "LITELLM_MASTER_KEY": key},
            files={CONFIGURATION: models.configuration, MODULE: AUTHENTICATE},
            port=PORT,
            health_path="/health/liveliness",
            cpu=args.cpu,
            memory=args.memory,
        )
        scale = Scale(minimum=args.minimum, maximum=args.maximum)
        service = Service(name, args.gcp, [container], scale, opts=child)
        self.served = model_bindings(args.serves, service.url, key)
        self.bindings = bindings_of(self.served, service.url, key, args.splits)
        self.register_outputs({"bindings": self.bindings})
