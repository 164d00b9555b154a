"""MLServer on Cloud Run, with a model out of the registry."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pulumi

from contract_bindings import Bindings
from gcp_platform.cloud_run import Container, Scale, Service
from gcp_platform.workloads import Caller
from gcp_platform.zone import Zone
from mlserver_files import FETCH_MODEL

PORT = 8080
SCRIPT = "/etc/mlserver/fetch_model.py"


@dataclass(frozen=True, kw_only=True)
class GcpMlserverArgs:
    """model: registry reference, looked up when an instance starts. registry: bindings of the registry it is in."""

    gcp: Zone
    model: str
    registry: Mapping[str, Any]
    callers: Sequence[Caller] = ()
    image: str
    cpu: str
    memory: str
    minimum: int
    maximum: int


class GcpMlserver(pulumi.ComponentResource):
    """A predictive model over the Open Inference Protocol, behind HTTPS."""

    bindings: Bindings

    def __init__(self, name: str, args: GcpMlserverArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("stackgen:predictor:GcpMlserver", name, None, opts)
        registry = args.registry["mlflow"]
        start = (
            f'mkdir -p /tmp/models && cd /tmp/models && python {SCRIPT} "$MODEL_NAME" "$MODEL_URI" latest && '
            "exec mlserver start ."
        )
        credentials = {
            variable: registry[key]
            for key, variable in (
                ("username", "MLFLOW_TRACKING_USERNAME"),
                ("password", "MLFLOW_TRACKING_PASSWORD"),
            )
            if key in registry
        }
        container = Container(
            name="mlserver",
            image=args.gcp.image(args.image),
            command=["sh", "-euc"],
            args=[start],
            environment={
                "MODEL_NAME": name,
                "MODEL_URI": args.model,
                "MLSERVER_HOST": "0.0.0.0",  # noqa: S104 - an instance has an address of its own
                "MLSERVER_HTTP_PORT": str(PORT),
                "MLSERVER_PARALLEL_WORKERS": "0",
                "MLFLOW_TRACKING_URI": registry["tracking-uri"],
            },
            secrets=credentials,
            files={SCRIPT: FETCH_MODEL},
            port=PORT,
            health_path="/v2/health/ready",
            cpu=args.cpu,
            memory=args.memory,
        )
        scale = Scale(minimum=args.minimum, maximum=args.maximum)
        service = Service(name, args.gcp, [container], scale, opts=pulumi.ResourceOptions(parent=self))
        self.bindings = {"open-inference": {"url": service.url, "model": name}}
        self.register_outputs({"bindings": self.bindings})
