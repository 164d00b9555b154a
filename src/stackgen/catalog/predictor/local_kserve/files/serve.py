"""Serves a scikit-learn model by KServe's own model server, on loopback.

serve.py PORT: ./model-settings.json names the model, its file and its version, as fetch_model.py wrote them.
$METRICS_TOKEN: the bearer token for metrics. Loading and unloading models, which KServe offers too, is not passed on.
"""

import asyncio
import json
import os
import sys
from pathlib import Path
from typing import Any

import joblib
from doors import OPEN_INFERENCE, Doors
from kserve import InferRequest, InferResponse, Model, ModelServer
from kserve.errors import InvalidInput
from kserve.model_server import app
from kserve.protocol.rest.server import RESTServer
from kserve.utils.utils import get_predict_input, get_predict_response

LOOPBACK = "127.0.0.1"


class ScikitLearnModel(Model):
    """One model file; a request's inputs are the rows of one array."""

    def __init__(self, name: str, path: Path, version: str) -> None:
        super().__init__(name)
        self.path = path
        self.version = version
        self.load()

    def load(self) -> bool:
        """Read the model; what it can't read ends the server with its reason."""
        self.model: Any = joblib.load(self.path)
        self.ready = True
        return self.ready

    async def get_input_types(self) -> list[dict[str, Any]]:
        """Name, type and shape of the one input."""
        width = int(getattr(self.model, "n_features_in_", -1))
        return [{"name": "input", "datatype": "FP64", "shape": [-1, width]}]

    async def get_output_types(self) -> list[dict[str, Any]]:
        """Its type depends on the model."""
        return [{"name": "output-0", "datatype": "FP64", "shape": [-1]}]

    def predict(
        self, payload: InferRequest, headers: Any = None, response_headers: Any = None
    ) -> InferResponse:
        """A prediction per row; a row that the model does not take is the caller's error."""
        try:
            result = self.model.predict(get_predict_input(payload))
        except ValueError as error:
            raise InvalidInput(str(error)) from None
        return get_predict_response(payload, result, self.name)


def main() -> None:
    """KServe's REST server has no option for the address that it listens on, so this sets it."""
    settings = json.loads(Path("model-settings.json").read_text())
    parameters = settings["parameters"]
    server = ModelServer(http_port=int(sys.argv[1]), enable_grpc=False)
    server.register_model(
        ScikitLearnModel(settings["name"], Path(parameters["uri"]), str(parameters["version"]))
    )
    rest = RESTServer(
        "kserve.model_server:app", server.dataplane, server.model_repository_extension, server.http_port
    )
    rest.config.host = LOOPBACK
    app.add_middleware(Doors, key=os.environ["METRICS_TOKEN"], free=OPEN_INFERENCE, keyed="GET /metrics")
    asyncio.run(rest.start())


if __name__ == "__main__":
    main()
