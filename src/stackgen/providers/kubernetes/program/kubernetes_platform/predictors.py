"""The container of MLServer with a model from the registry."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from kubernetes_platform.containers import Container, Health
from mlserver_files import FETCH_MODEL

PORT, METRICS = 8080, 8082
SCRIPT = "/etc/mlserver/fetch_model.py"
CREDENTIALS = {"username": "MLFLOW_TRACKING_USERNAME", "password": "MLFLOW_TRACKING_PASSWORD"}


def mlserver(
    name: str,
    model: str,
    registry: Mapping[str, Any],
    image: str,
    *,
    cpu: str,
    memory: str,
    container: str = "mlserver",
) -> Container:
    """Return the container. It downloads the model at its start, and serves it under the component's name."""
    tracking = registry["mlflow"]
    start = f'cd /tmp && python {SCRIPT} "$MODEL_NAME" "$MODEL_URI" latest && exec mlserver start .'
    return Container(
        name=container,
        image=image,
        command=["sh", "-euc", start],
        environment={
            "HOME": "/tmp",  # noqa: S108 - the pod's own
            "MODEL_NAME": name,
            "MODEL_URI": model,
            "MLSERVER_HOST": "0.0.0.0",  # noqa: S104 - a pod has an address of its own
            "MLSERVER_HTTP_PORT": str(PORT),
            "MLSERVER_METRICS_PORT": str(METRICS),
            "MLSERVER_PARALLEL_WORKERS": "0",
            "MLFLOW_TRACKING_URI": tracking["tracking-uri"],
        },
        secrets={variable: tracking[key] for key, variable in CREDENTIALS.items() if key in tracking},
        files={SCRIPT: FETCH_MODEL},
        ports={"http": PORT, "metrics": METRICS},
        health=Health(port=PORT, path="/v2/health/ready", patience=300),
        cpu=cpu,
        memory=memory,
    )
