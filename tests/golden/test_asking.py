"""Questions are asked by a process whose memory has a limit: an answer may be of any length."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from stackgen.errors import StackgenError
from stackgen.golden.asking import ask_questions
from stackgen.golden.corpus import Corpus, corpus_model
from stackgen.subprocesses import calling

pytestmark = pytest.mark.unit
LARGE = json.dumps({"outputs": [{"name": "output", "data": ["x" * 99] * 200_000}]}).encode()
SMALL = json.dumps({"outputs": [{"name": "output", "data": [0.5, 1]}]}).encode()


class _Predictor(BaseHTTPRequestHandler):
    """Answers `large` to a model of that name, and what is small to others."""

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        body = LARGE if "/large/" in self.path else SMALL
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        pass


@pytest.fixture
def url() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), _Predictor) as server:
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def corpus(requests: int) -> Corpus:
    body = {"inputs": [{"name": "input", "shape": [1, 1], "datatype": "FP64", "data": [1]}]}
    group = {"model": "fraud", "requests": [body] * requests}
    return corpus_model().model_validate({"apiVersion": "stackgen/v1", "predictions": {"claims": group}})


def test_answers_come_as_they_were_given(url: str) -> None:
    said: list[str] = []
    bindings = {"fraud": {"open-inference": {"url": url, "model": "small"}}}
    found = ask_questions(corpus(2), bindings, said.append)["predictions.claims"]
    assert said == ["asking predictions.claims"]
    assert found.kind == "predictions"
    assert found.answers == [{"outputs": [{"name": "output", "data": [0.5, 1]}]}] * 2


@pytest.mark.skipif(
    not Path("/proc/self/status").exists(), reason="the memory of a process is not known here"
)
def test_answers_without_measure_take_limited_memory(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(calling.MEMORY_VARIABLE, "0.25")
    bindings = {"fraud": {"open-inference": {"url": url, "model": "large"}}}
    with pytest.raises(StackgenError) as caught:
        ask_questions(corpus(60), bindings, lambda _: None)
    (problem,) = caught.value.problems
    assert problem.code == "golden-unanswered"
    assert problem.message == (
        "the golden questions: what the servers answer takes more than 0.25 GiB of memory; the rest was not read"
    )
    assert "`export STACKGEN_MOVE_MEMORY=0.5`, and ask again" in str(problem.hint)


def test_a_component_that_is_not_bound_is_named(url: str) -> None:
    with pytest.raises(StackgenError, match="'fraud' has no open-inference binding here") as caught:
        ask_questions(corpus(1), {}, lambda _: None)
    assert caught.value.problems[0].code == "not-deployed"
