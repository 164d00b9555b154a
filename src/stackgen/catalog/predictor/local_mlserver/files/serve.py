"""Serves by MLServer what settings.json and model-settings.json name: the Open Inference Protocol, and metrics.

MLServer itself also lets every caller load and unload models, by HTTP and gRPC. This server offers neither.
$METRICS_TOKEN: the bearer token for metrics.
"""

import asyncio
import os
from typing import Any

from doors import OPEN_INFERENCE, Doors
from mlserver import MLServer
from mlserver.cli.serve import load_settings
from mlserver.logging import configure_logger
from mlserver.metrics.prometheus import PrometheusEndpoint
from mlserver.utils import install_uvloop_event_loop


class Unused:
    """In place of a server that would listen on a port of its own."""

    async def start(self) -> None:
        """Nothing to start."""

    async def stop(self, sig: int | None = None) -> None:
        """Nothing to stop."""


async def serve() -> None:
    """Until a signal; MLServer has no setting for what it serves, so its parts are put together here."""
    settings, models = await load_settings(".")
    server: Any = MLServer(settings)
    server._grpc_server = server._metrics_server = Unused()
    app = server._rest_server._app
    app.add_route(settings.metrics_endpoint, PrometheusEndpoint(settings).handle_metrics)
    app.add_middleware(Doors, key=os.environ["METRICS_TOKEN"], free=OPEN_INFERENCE, keyed="GET /metrics")
    await server.start(models)


if __name__ == "__main__":
    configure_logger()
    install_uvloop_event_loop()
    asyncio.run(serve())
