"""A real MLServer behind the two translators that managed endpoints need: every clause holds through them."""

from __future__ import annotations

import json
import sys
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib import import_module
from typing import Any

import pytest

from stackgen.catalog.shelf import SHARED, Shelf
from stackgen.contracts import contract
from stackgen.contracts.open_inference.contract import OpenInferenceBinding
from tests.local.conftest import Ecosystem

pytestmark = pytest.mark.local
sys.path.append(str(SHARED / "program" / "open_inference_tunnel"))
FRONT: Any = import_module("front")
SERVER: Any = import_module("server")
KEPT = Shelf().implementations["predictor"]["aws/sagemaker"].implementation.kept["open-inference"]


def started(server: ThreadingHTTPServer) -> str:
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
    return f"http://127.0.0.1:{server.server_port}"


@pytest.fixture(scope="module")
def binding(ecosystem: Ecosystem) -> Iterator[OpenInferenceBinding]:
    """The ecosystem's predictor, reached as it would be on a managed endpoint."""
    own = ecosystem.bindings()["triage"]["open-inference"]
    inside = SERVER.unpacking(own["url"], "127.0.0.1", 0)
    outside = FRONT.front(FRONT.Upstream(f"{started(inside)}/invocations"), "127.0.0.1", 0)
    yield OpenInferenceBinding(url=started(outside), model=own["model"])
    outside.shutdown()
    inside.shutdown()


@pytest.mark.parametrize("clause", [name for name in KEPT if name != "tls"])
def test_the_clause_is_kept_through_the_tunnel(binding: OpenInferenceBinding, clause: str) -> None:
    probe = next(one.probe for one in contract("open-inference").clauses if one.name == clause)
    assert probe is not None
    assert probe(binding)


def test_nothing_but_the_protocol_is_passed_on(binding: OpenInferenceBinding) -> None:
    with pytest.raises(urllib.error.HTTPError, match="404"):
        urllib.request.urlopen(f"{binding.url}/docs", timeout=10)
    with urllib.request.urlopen(f"{binding.url}/alive", timeout=10) as answer:
        assert answer.status == 200


def test_an_endpoint_that_does_not_answer_is_a_503_with_a_sentence() -> None:
    url = started(FRONT.front(FRONT.Upstream("http://127.0.0.1:9/invocations"), "127.0.0.1", 0))
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(f"{url}/v2/health/ready", timeout=10)
    assert refused.value.code == 503
    assert json.load(refused.value) == {"error": "the endpoint does not answer"}


def test_a_container_whose_model_is_not_loaded_is_not_healthy() -> None:
    url = started(SERVER.unpacking("http://127.0.0.1:9", "127.0.0.1", 0))
    with pytest.raises(urllib.error.HTTPError, match="503"):
        urllib.request.urlopen(f"{url}/ping", timeout=10)


def test_access_tokens_are_asked_for_once_and_sent() -> None:
    asked: list[str] = []

    class Cloud(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.headers["Metadata-Flavor"])
            self.answer({"access_token": "short-lived", "expires_in": 3600})

        def do_POST(self) -> None:
            assert self.headers["Authorization"] == "Bearer short-lived"
            packed = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            self.answer({"status": 200, "type": "application/json", "body": packed["path"]})

        def answer(self, value: object) -> None:
            content = json.dumps(value).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

    cloud = started(ThreadingHTTPServer(("127.0.0.1", 0), Cloud))
    upstream = FRONT.Upstream(f"{cloud}/endpoint:rawPredict", FRONT.Tokens(f"{cloud}/token"))
    url = started(FRONT.front(upstream, "127.0.0.1", 0))
    for _ in range(2):
        with urllib.request.urlopen(f"{url}/v2/health/live", timeout=10) as answer:
            assert answer.read() == b"/v2/health/live"
    assert asked == ["Google"]
