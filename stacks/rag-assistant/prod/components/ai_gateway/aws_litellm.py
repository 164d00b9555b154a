"""LiteLLM's proxy on ECS Fargate, in front of the stack's models."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pulumi
import pulumi_random as random

from aws_platform.containers import Container
from aws_platform.fargate import Compute, Files, Service
from aws_platform.workloads import Caller
from aws_platform.zone import Zone
from contract_bindings import Bindings
from litellm_proxy import AUTHENTICATE, Splits, bindings_of, model_bindings, proxy

FOLDER = "/etc/litellm"
PORT = 4000


@dataclass(frozen=True, kw_only=True)
class AwsLitellmArgs:
    """serves: component → its bindings; each is routed to under its component's name. timeout: seconds.

    splits: name → component → weight.

    cpu: thousandths of a vCPU; memory: MiB; tasks: at least and at most.
    """

    aws: Zone
    serves: Mapping[str, Mapping[str, Any]]
    callers: Sequence[Caller] = ()
    image: str
    splits: Splits = field(default_factory=dict[str, Mapping[str, int]])
    timeout: int
    retries: int
    cpu: int
    memory: int
    minimum: int
    maximum: int


class AwsLitellm(pulumi.ComponentResource):
    """A gateway with one key. served: component → the bindings clients reach its model with."""

    bindings: Bindings

    def __init__(self, name: str, args: AwsLitellmArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("stackgen:ai_gateway:AwsLitellm", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        password = random.RandomPassword(f"{name}-api-key", length=48, special=False, opts=child)
        key = pulumi.Output.concat("sk-", password.result)
        models = proxy(args.serves, timeout=args.timeout, retries=args.retries, splits=args.splits)
        container = Container(
            name="litellm",
            image=args.aws.image(args.image),
            command=["--config", f"{FOLDER}/config.json", "--port", str(PORT), "--num_workers", "1"],
            environment={
                "HOME": "/tmp",  # noqa: S108 - a volume of the task's own
                "LITELLM_LOCAL_MODEL_COST_MAP": "True",
                "LITELLM_MODE": "PRODUCTION",
                "LITELLM_TELEMETRY": "False",
                "AWS_REGION": args.aws.region,
            },
            secrets={**models.secrets, "LITELLM_MASTER_KEY": key},
            readable=[FOLDER],
            port=PORT,
        )
        service = Service(
            name,
            args.aws,
            [container],
            Compute(cpu=args.cpu, memory=args.memory, minimum=args.minimum, maximum=args.maximum),
            health_path="/health/liveliness",
            files=Files(
                plain={
                    f"{FOLDER}/config.json": models.configuration,
                    f"{FOLDER}/authenticate.py": AUTHENTICATE,
                }
            ),
            callers=args.callers,
            opts=child,
        )
        self.served = model_bindings(args.serves, service.url, key)
        self.bindings = bindings_of(self.served, service.url, key, args.splits)
        self.register_outputs({"bindings": self.bindings})
