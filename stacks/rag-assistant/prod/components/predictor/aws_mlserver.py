"""MLServer on ECS Fargate, with a model out of the registry."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pulumi

from aws_platform.containers import Container
from aws_platform.fargate import Compute, Files, Service
from aws_platform.workloads import Caller
from aws_platform.zone import Zone
from contract_bindings import Bindings
from mlserver_files import FETCH_MODEL

PORT = 8080
SCRIPT, MODELS = "/etc/mlserver", "/models"


@dataclass(frozen=True, kw_only=True)
class AwsMlserverArgs:
    """model: registry reference, looked up whenever a task starts. registry: bindings of the registry it is in."""

    aws: Zone
    model: str
    registry: Mapping[str, Any]
    callers: Sequence[Caller] = ()
    image: str
    cpu: int
    memory: int
    minimum: int
    maximum: int


class AwsMlserver(pulumi.ComponentResource):
    """A predictive model over the Open Inference Protocol, behind HTTPS."""

    bindings: Bindings

    def __init__(self, name: str, args: AwsMlserverArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("stackgen:predictor:AwsMlserver", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        registry = args.registry["mlflow"]
        start = (
            f'cd {MODELS} && python {SCRIPT}/fetch_model.py "$MODEL_NAME" "$MODEL_URI" latest && '
            "exec mlserver start ."
        )
        container = Container(
            name="mlserver",
            image=args.aws.image(args.image),
            entry_point=["sh", "-euc"],
            command=[start],
            environment={
                "MODEL_NAME": name,
                "MODEL_URI": args.model,
                "MLSERVER_HOST": "0.0.0.0",  # noqa: S104 - a task has an address of its own
                "MLSERVER_HTTP_PORT": str(PORT),
                "MLSERVER_PARALLEL_WORKERS": "0",
                "MLFLOW_TRACKING_URI": registry["tracking-uri"],
                "HOME": "/tmp",  # noqa: S108 - a volume of the task's own
            },
            secrets={
                "MLFLOW_TRACKING_USERNAME": registry["username"],
                "MLFLOW_TRACKING_PASSWORD": registry["password"],
            }
            if "username" in registry
            else {},
            writable=["/tmp", MODELS],  # noqa: S108
            readable=[SCRIPT],
            port=PORT,
        )
        service = Service(
            name,
            args.aws,
            [container],
            Compute(cpu=args.cpu, memory=args.memory, minimum=args.minimum, maximum=args.maximum),
            health_path="/v2/health/ready",
            files=Files(plain={f"{SCRIPT}/fetch_model.py": FETCH_MODEL}),
            callers=args.callers,
            opts=child,
        )
        args.aws.services.connect([service.workload])  # the registry is one of them
        self.bindings = {"open-inference": {"url": service.url, "model": name}}
        self.register_outputs({"bindings": self.bindings})
