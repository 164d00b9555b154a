"""Probes fail where they should; declared and measured are told apart. Real HTTP servers, real clients."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from xml.etree import ElementTree

import pytest

from stackgen.verification.model import Declared, Report
from stackgen.verification.reports import report_junit, report_markdown
from stackgen.verification.run import measure_clauses

pytestmark = pytest.mark.unit
CLAUSES = ("live", "ready", "metadata", "infer", "wrong-shape-is-error")
REASONS = {"auth-required": "none", "wrong-credentials-refused": "none", "tls": "none"}
DECLARED = {"fraud": Declared({"open-inference": CLAUSES}, {"open-inference": REASONS})}


class Careless(BaseHTTPRequestHandler):
    """An inference server that takes rows of any length: it breaks one clause, deliberately."""

    def do_GET(self) -> None:
        self._send({"name": "fraud", "versions": ["1"], "inputs": [{"name": "x", "shape": [-1, 4]}]})

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self._send({"outputs": [{"name": "y", "shape": [1], "data": [1]}]})

    def _send(self, content: object) -> None:
        data = json.dumps(content).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture(scope="module")
def careless() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Careless)
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()


def measure(url: str, declared: dict[str, Declared] | None = None) -> Report:
    return measure_clauses(
        {"fraud": {"open-inference": {"url": url, "model": "fraud"}}}, declared or DECLARED
    )


def test_a_broken_component_fails_the_right_clause_with_a_useful_sentence(careless: str) -> None:
    report = measure(careless)
    (failure,) = report.failures
    assert (failure.clause, failure.status) == ("wrong-shape-is-error", "broken")
    assert failure.detail == "a row of the wrong length is answered with 200"
    assert report.counts() == {"kept": 4, "broken": 1, "not-kept": 3}


def test_a_lie_in_a_descriptor_is_caught_both_ways(careless: str) -> None:
    boast = Declared({"open-inference": (*CLAUSES, "auth-required")}, {})
    assert "auth-required" in {result.clause for result in measure(careless, {"fraud": boast}).failures}
    modest = Declared({"open-inference": ("live",)}, {"open-inference": {"ready": "it isn't"}})
    statuses = {result.clause: result.status for result in measure(careless, {"fraud": modest}).results}
    assert statuses["ready"] == "undeclared"


def test_an_absent_server_is_one_sentence_not_a_row_of_timeouts() -> None:
    report = measure("http://127.0.0.1:1")
    assert {result.clause for result in report.failures} == {*CLAUSES}  # none of them counts as kept
    assert {result.status for result in report.failures} == {"broken"}
    assert all("no server answers at 127.0.0.1:1" in result.detail for result in report.failures)
    assert sum(result.seconds for result in report.results) == 0


def test_an_incomplete_binding_says_what_is_missing() -> None:
    report = measure_clauses({"fraud": {"open-inference": {"url": "http://x"}}}, DECLARED)
    assert report.failures[0].detail == "the binding is not of the contract's shape: model"


def test_reports(careless: str) -> None:
    report = measure(careless)
    root = ElementTree.fromstring(report_junit(report, "stack/dev"))  # noqa: S314
    suite = root.find("testsuite")
    assert suite is not None
    assert (suite.get("tests"), suite.get("failures")) == ("8", "1")
    assert "| fraud | open-inference | live | kept |" in report_markdown(report)
    assert json.loads(json.dumps(report.as_json()))["counts"]["broken"] == 1


def test_what_the_spec_has_and_the_deployment_has_not_is_broken(careless: str) -> None:
    declared = {**DECLARED, "triage": Declared({"open-inference": ("live",)}, {})}
    (missing, measured) = measure(careless, declared).failures
    assert measured.clause == "wrong-shape-is-error"
    assert (missing.component, missing.clause, missing.status) == ("triage", "live", "broken")
    assert "the spec has this component and the deployment has not" in missing.detail


def test_only_what_a_probe_has_seen_counts_as_measured(careless: str) -> None:
    assert measure(careless).measured == 8
    assert measure("http://127.0.0.1:1").measured == 0
