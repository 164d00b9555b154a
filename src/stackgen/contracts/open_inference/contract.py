"""open-inference/2: https://github.com/kserve/open-inference-protocol, REST."""

from __future__ import annotations

from typing import Any, ClassVar
from uuid import uuid4

from pydantic import Field

from stackgen.contracts.model import Binding, Clause, ClauseBroken, Contract, address, https, require

NUMPY = {"FP32": 4, "FP64": 8, "INT32": 4, "INT64": 8}


class OpenInferenceBinding(Binding):
    """url: without the trailing /v2. model: name to ask for."""

    variables: ClassVar = {"url": "OPEN_INFERENCE_URL", "model": "OPEN_INFERENCE_MODEL"}
    url: str = Field(description="Base URL of the server, without the trailing /v2.")
    model: str = Field(description="Name of the model to ask for.")


def request(binding: OpenInferenceBinding, method: str, path: str, **how: Any) -> Any:
    """Send one HTTP request to a path below /v2."""
    from stackgen.contracts import limited_http

    return limited_http.request(method, f"{binding.url}/v2/{path}", timeout=30, **how)


def _answers_ok(path: str) -> Any:
    def probe(binding: OpenInferenceBinding) -> str:
        status = request(binding, "GET", path.format(model=binding.model)).status_code
        require(status == 200, f"/v2/{path} answers {status}")
        return "200"

    return probe


def probe_metadata(binding: OpenInferenceBinding) -> str:
    answer = request(binding, "GET", f"models/{binding.model}")
    require(answer.status_code == 200, f"model metadata answers {answer.status_code}")
    require(answer.json().get("name") == binding.model, f"metadata is of '{answer.json().get('name')}'")
    return f"versions {answer.json().get('versions')}"


def probe_infer(binding: OpenInferenceBinding) -> str:
    answer = _infer(binding, _width(binding))
    require(answer.status_code == 200, f"inference answers {answer.status_code}: {answer.text[:120]}")
    outputs = answer.json()["outputs"]
    require(outputs and outputs[0]["shape"][0] == 1, "one row in does not give one row out")
    return f"{outputs[0]['name']} = {outputs[0]['data']}"


def probe_wrong_shape(binding: OpenInferenceBinding) -> str:
    answer = _infer(binding, _width(binding) + 3)
    require(answer.status_code >= 400, f"a row of the wrong length is answered with {answer.status_code}")
    return f"refused with {answer.status_code}"


def _width(binding: OpenInferenceBinding) -> int:
    """Return the number of features of a row: from the metadata, else the first number that the model takes."""
    for item in request(binding, "GET", f"models/{binding.model}").json().get("inputs") or []:
        if item.get("shape") and int(item["shape"][-1]) > 0:
            return int(item["shape"][-1])
    for width in range(1, 65):
        if _infer(binding, width).status_code == 200:
            return width
    raise ClauseBroken("no row of 1 to 64 numbers is accepted")


def _infer(binding: OpenInferenceBinding, width: int) -> Any:
    tensor = {"name": "input", "shape": [1, width], "datatype": "FP64", "data": [0.5] * width}
    return request(binding, "POST", f"models/{binding.model}/infer", json={"inputs": [tensor]})


def probe_auth_required(binding: OpenInferenceBinding) -> str:
    status = request(binding, "GET", f"models/{binding.model}").status_code
    require(status in (401, 403), f"a request without credentials is answered with {status}")
    return f"refused with {status}"


def probe_wrong_credentials(binding: OpenInferenceBinding) -> str:
    headers = {"Authorization": f"Bearer wrong-{uuid4().hex}"}
    status = request(binding, "GET", f"models/{binding.model}", headers=headers).status_code
    require(status in (401, 403), f"a request with wrong credentials is answered with {status}")
    return f"refused with {status}"


CONTRACT = Contract(
    "open-inference",
    2,
    OpenInferenceBinding,
    (
        Clause("live", "The server says that it lives.", _answers_ok("health/live")),
        Clause("ready", "The model says that it is ready.", _answers_ok("models/{model}/ready")),
        Clause("metadata", "The model describes itself.", probe_metadata),
        Clause("infer", "A row in gives a prediction out.", probe_infer),
        Clause("wrong-shape-is-error", "A row of the wrong length is refused.", probe_wrong_shape),
        Clause("auth-required", "Requests without credentials are refused.", probe_auth_required),
        Clause("wrong-credentials-refused", "Wrong credentials are refused.", probe_wrong_credentials),
        Clause("tls", "The connection is encrypted.", lambda binding: https(binding.url)),
    ),
    lambda binding: address(binding.url),
)
