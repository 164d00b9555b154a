"""A server whose answer has no end takes neither the memory nor the time of whoever verifies it."""

from __future__ import annotations

import base64
import json
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, ClassVar

import pytest

from stackgen.contracts import limited_http
from stackgen.contracts.mlflow import contract as mlflow
from stackgen.providers.local.operations import PROGRAM
from stackgen.verification import measuring
from stackgen.verification.model import Declared
from stackgen.verification.probing import MEMORY_MESSAGE
from stackgen.verification.run import measure_clauses
from tests.verification.test_verification import careless

pytestmark = pytest.mark.sweep
__all__ = ["careless"]
ENOUGH = 40 * limited_http.LARGEST
CHUNK = b"# 1234567" * 8192
BINDINGS: dict[str, dict[str, str]] = {
    "http": {"url": "{url}"},
    "openmetrics": {"url": "{url}/metrics"},
    "open-inference": {"url": "{url}", "model": "fraud"},
    "openai-chat": {"base-url": "{url}/v1", "api-key": "sk-1", "model": "m"},
    "openai-embeddings": {"base-url": "{url}/v1", "api-key": "sk-1", "model": "m", "dimensions": "3"},
    "prometheus": {"url": "{url}"},
}


class _Endless(BaseHTTPRequestHandler):
    """Answers everything with 200 and a body that goes on as long as someone reads. `sent`: bytes per request."""

    sent: dict[str, int]

    def do_GET(self) -> None:
        size = 0
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.end_headers()
        with suppress(OSError):
            while size < ENOUGH:
                self.wfile.write(CHUNK)
                size += len(CHUNK)
        self.sent[f"{self.command} {self.path}"] = size

    def do_POST(self) -> None:
        self.do_GET()

    def log_message(self, format: str, *args: Any) -> None:
        pass


@pytest.fixture
def endless() -> Iterator[tuple[str, dict[str, int]]]:
    sent: dict[str, int] = {}
    with ThreadingHTTPServer(("127.0.0.1", 0), type("_Server", (_Endless,), {"sent": sent})) as server:
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}", sent
        server.shutdown()


@pytest.mark.parametrize("contract", BINDINGS)
def test_an_answer_without_an_end_is_read_up_to_a_limit(
    endless: tuple[str, dict[str, int]], contract: str
) -> None:
    url, sent = endless
    binding = {key: value.format(url=url) for key, value in BINDINGS[contract].items()}
    report = measure_clauses({"box": {contract: binding}}, {"box": Declared()})
    deadline = time.monotonic() + 60
    while not sent and time.monotonic() < deadline:
        time.sleep(0.05)  # the server notes it when it sees that no one reads on
    assert max(sent.values()) < 2 * limited_http.LARGEST, sent
    assert any("an answer is longer than 32 MiB" in result.detail for result in report.results)


class _Slow(BaseHTTPRequestHandler):
    """Sends a byte of a header every tenth of a second, which no time limit of a socket notices."""

    def do_GET(self) -> None:
        self.wfile.write(b"HTTP/1.1 200 OK\r\nA: ")
        with suppress(OSError):
            while True:
                self.wfile.write(b"a")
                time.sleep(0.1)

    def log_message(self, format: str, *args: Any) -> None:
        pass


@pytest.fixture
def slow() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), _Slow) as server:
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def test_an_answer_that_comes_a_byte_at_a_time_is_not_waited_for(
    slow: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(measuring, "MAX_PROBE_SECONDS", 2.0)
    report = measure_clauses({"box": {"http": {"url": slow}}}, {"box": Declared()})
    assert [result.detail for result in report.results] == ["there was no whole answer within 2 s"]


class _Late(BaseHTTPRequestHandler):
    """The first answer comes a byte at a time, and is whole after some seconds; the next ones come at once."""

    seen: ClassVar[list[str]]

    def do_POST(self) -> None:
        self.seen.append(self.headers.get("Authorization", ""))
        first = len(self.seen) == 1
        self.wfile.write(b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Type: application/json\r\nA: ")
        with suppress(OSError):
            for _ in range(60 if first else 1):
                self.wfile.write(b"a")
                time.sleep(0.1 if first else 0)
            self.wfile.write(b'\r\n\r\n{"experiment_id": "1"}')

    do_GET = do_POST  # noqa: N815 - http.server's name

    def log_message(self, format: str, *args: Any) -> None:
        pass


def test_a_probe_that_is_waited_for_no_longer_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    """Else it would go on with the variables of the shell, such as the operator's password for another registry."""
    monkeypatch.setattr(measuring, "MAX_PROBE_SECONDS", 2.0)
    monkeypatch.setenv("MLFLOW_TRACKING_USERNAME", "operator")
    monkeypatch.setenv("MLFLOW_TRACKING_PASSWORD", "canary")
    seen: list[str] = []
    with ThreadingHTTPServer(("127.0.0.1", 0), type("_Server", (_Late,), {"seen": seen})) as server:
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        url = f"http://127.0.0.1:{server.server_port}"
        binding = {"tracking-uri": url, "username": "box", "password": "own"}
        before = threading.active_count()
        report = measure_clauses(
            {"box": {"mlflow": binding}},
            {"box": Declared()},
            only=lambda _component, _contract, clause: clause == "log-run",
        )
        deadline = time.monotonic() + 60
        while threading.active_count() > before and time.monotonic() < deadline:
            time.sleep(0.05)  # the server's own threads
        server.shutdown()
    assert [result.detail for result in report.results] == ["there was no whole answer within 2 s"]
    own = "Basic " + base64.b64encode(b"box:own").decode()
    assert seen == [own]
    assert mlflow._TURNS.users == 0  # pyright: ignore[reportPrivateUsage] - the next probe of another one's turn


def test_a_server_that_tells_its_health_a_byte_at_a_time_is_not_healthy(
    slow: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(str(PROGRAM))
    from local_provider.health import healthy  # pyright: ignore

    assert not healthy({"http": slow}, timeout=1)


OTHER_CLIENTS: dict[str, dict[str, str]] = {
    "s3": {
        "endpoint": "{url}",
        "access-key-id": "a",
        "secret-access-key": "b",
        "region": "us-east-1",
        "bucket": "box",
    },
    "mlflow": {"tracking-uri": "{url}", "username": "u", "password": "p"},
}
VERIFY = """
import json, resource, sys
from stackgen.verification import measuring
from stackgen.verification.model import Declared
from stackgen.verification.run import measure_clauses
measuring.MAX_EXTRA_BYTES, measuring.MAX_PROBE_SECONDS = 256 * 1024**2, 30
report = measure_clauses({"box": json.loads(sys.argv[1])}, {"box": Declared()})
used = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024
print(json.dumps({"seen": [result.detail for result in report.results if result.measured], "MiB": used}))
"""


@pytest.mark.skipif(
    not Path("/proc/self/status").exists(), reason="the memory of a process is not known here"
)
@pytest.mark.parametrize("contract", OTHER_CLIENTS)
def test_clients_that_read_everything_have_limited_memory(
    endless: tuple[str, dict[str, int]], contract: str
) -> None:
    url, _ = endless
    binding = {contract: {key: value.format(url=url) for key, value in OTHER_CLIENTS[contract].items()}}
    done = subprocess.run(
        [sys.executable, "-c", VERIFY, json.dumps(binding)],
        capture_output=True,
        text=True,
        check=True,
    )
    report = json.loads(done.stdout)
    assert MEMORY_MESSAGE in report["seen"]
    assert report["MiB"] < 1024, report


DIES = """
import os
from stackgen.contracts import contract
clause = contract("open-inference").clause("metadata")
object.__setattr__(clause, "probe", lambda binding: os._exit(7))
"""


def test_a_probe_that_ends_its_process_is_named_and_the_others_are_measured(
    careless: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "sitecustomize.py").write_text(DIES)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    binding = {"open-inference": {"url": careless, "model": "fraud"}}
    declared = Declared({"open-inference": ("live", "ready", "metadata", "infer")})
    results = measure_clauses({"box": binding}, {"box": declared}).results
    details = {result.clause: result.detail for result in results if result.status == "broken"}
    assert list(details) == ["metadata"]
    assert details["metadata"].startswith("the process of the probe ended without an answer")
    assert {result.status for result in results if result.clause in ("live", "ready", "infer")} == {"kept"}
