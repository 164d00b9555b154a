"""An MLflow server says where artifacts are. Probes and movers run as the operator and follow no such word."""

from __future__ import annotations

import ast
import json
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from stackgen.contracts import ClauseBroken, find_mover
from stackgen.contracts.mlflow.contract import (
    MlflowBinding,
    connect_client,
    probe_artifact_round_trip,
    probe_traces,
)
from stackgen.contracts.mlflow.mover import MOVER
from stackgen.contracts.surroundings import use_clean_environment
from stackgen.errors import StackgenError
from tests.house.test_house_rules import MODULES, SOURCE

pytestmark = pytest.mark.unit
LISTED = {"files": [{"path": "card.txt", "is_dir": False, "file_size": 5}]}


class Server:
    """Answers as MLflow does, with whatever addresses of artifacts it is given, and keeps what it is asked."""

    def __init__(self) -> None:
        self.addresses: list[str] = ["mlflow-artifacts:/1/r1/artifacts"]  # one per answer; the last one stays
        self.source: str | None = None  # of version 1 of model m
        self.has_runs = True
        self.redirect: str | None = None  # for requests of an artifact
        self.asked: list[str] = []
        self.files: dict[str, bytes] = {}
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def respond(self) -> None:
                length = int(self.headers.get("Content-Length") or 0)
                outer.answer(self, self.rfile.read(length))

            def log_message(self, format: str, *args: object) -> None:
                pass

        for verb in ("GET", "POST", "PUT", "DELETE", "PATCH"):
            setattr(Handler, f"do_{verb}", Handler.respond)
        self.http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.http.server_port}"
        self.binding = MlflowBinding(tracking_uri=self.url)
        threading.Thread(target=self.http.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()

    def run(self) -> dict[str, Any]:
        where = self.addresses.pop(0) if len(self.addresses) > 1 else self.addresses[0]
        info = {"run_id": "r1", "run_uuid": "r1", "experiment_id": "1", "artifact_uri": where}
        return {
            "info": {**info, "status": "FINISHED", "lifecycle_stage": "active", "end_time": 1},
            "data": {},
        }

    def version(self) -> dict[str, Any]:
        return {"name": "m", "version": "1", "source": self.source, "run_id": "", "status": "READY"}

    def answer(self, request: BaseHTTPRequestHandler, body: bytes) -> None:
        path = request.path.partition("?")[0]
        self.asked.append(f"{request.command} {path}")
        if "/mlflow-artifacts/artifacts/" in path:
            if self.redirect is not None:
                request.send_response(307)
                request.send_header("Location", self.redirect)
                request.send_header("Content-Length", "0")
                request.end_headers()
                return
            if request.command == "PUT":
                self.files[path] = body
            self._send(request, self.files.get(path, b"{}"))
            return
        if path.endswith("/mlflow-artifacts/artifacts"):
            deep = "card.txt" in request.path or "notes" in request.path
            self._send(request, json.dumps({} if deep else LISTED).encode())
            return
        answers: dict[str, Callable[[], Any]] = {
            "experiments/create": lambda: {"experiment_id": "1"},
            "experiments/search": lambda: {"experiments": [{"experiment_id": "1", "name": "Default"}]},
            "runs/create": lambda: {"run": self.run()},
            "runs/get": lambda: {"run": self.run()},
            "runs/search": lambda: {"runs": [self.run()] if self.has_runs else []},
            "registered-models/search": lambda: {
                "registered_models": [{"name": "m"}]
                if self.source and "is_prompt" not in request.path
                else []
            },
            "model-versions/search": lambda: {"model_versions": [self.version()] if self.source else []},
            "traces": lambda: {"trace": {"trace_info": self.trace(body)}},
            "traces/search": lambda: {"traces": [self.kept] if hasattr(self, "kept") else []},
        }
        made = answers.get(path.rpartition("/mlflow/")[2], dict)() | (
            {"mcp_servers": []} if "mcp" in path else {}
        )
        self._send(request, json.dumps(made).encode())

    def trace(self, body: bytes) -> Any:
        info = json.loads(body)["trace"]["trace_info"]
        self.kept = {**info, "tags": {**info.get("tags", {}), "mlflow.artifactLocation": self.addresses[-1]}}
        return self.kept

    def _send(self, request: BaseHTTPRequestHandler, content: bytes) -> None:
        request.send_response(200)
        request.send_header("Content-Type", "application/json")
        request.send_header("Content-Length", str(len(content)))
        request.end_headers()
        request.wfile.write(content)


@pytest.fixture
def make() -> Iterator[Callable[[], Server]]:
    servers: list[Server] = []

    def made() -> Server:
        servers.append(Server())
        return servers[-1]

    yield made
    for server in servers:
        server.http.shutdown()
        server.http.server_close()


@pytest.fixture
def server(make: Callable[[], Server]) -> Server:
    return make()


@pytest.fixture
def outside(tmp_path: Path) -> Path:
    """A folder of the operator's, with a file that is nobody else's."""
    folder = tmp_path / "outside"
    folder.mkdir()
    (folder / "card.txt").write_text("the operator's alone")
    return folder


ELSEWHERE = {
    "file://{0}": "a file: address",
    "{0}": "a path of this machine",
    "s3://bucket/folder": "a s3: address",
    "gs://bucket/folder": "a gs: address",
    "http://127.0.0.1:1/folder": "a http: address",
    "ftp://127.0.0.1:1/folder": "a ftp: address",
    "dbfs:/folder": "a dbfs: address",
    "mlflow-artifacts://127.0.0.1:1/folder": "a mlflow-artifacts: address of another server",
}


@pytest.mark.parametrize("address", ELSEWHERE)
def test_verify_writes_nowhere_but_to_the_server(server: Server, outside: Path, address: str) -> None:
    server.addresses = [address.format(outside)]
    with use_clean_environment([server.binding]), pytest.raises(ClauseBroken, match="run r1") as broken:
        probe_artifact_round_trip(server.binding)
    assert ELSEWHERE[address] in str(broken.value)
    assert [path.name for path in outside.iterdir()] == ["card.txt"]


def test_verify_follows_no_second_answer_either(server: Server, outside: Path) -> None:
    server.addresses += [f"file://{outside}"]
    with use_clean_environment([server.binding]):
        assert probe_artifact_round_trip(server.binding)
    assert list(server.files) == ["/api/2.0/mlflow-artifacts/artifacts/1/r1/artifacts/notes/card.txt"]
    assert [path.name for path in outside.iterdir()] == ["card.txt"]


def test_verify_writes_no_trace_of_a_servers_choice(server: Server, outside: Path) -> None:
    server.addresses += [f"file://{outside}"]
    with use_clean_environment([server.binding]), pytest.raises(Exception, match="a file: address"):
        probe_traces(server.binding)
    assert [path.name for path in outside.iterdir()] == ["card.txt"]


def test_the_client_refuses_whoever_calls_it(server: Server, outside: Path) -> None:
    server.addresses = [f"file://{outside}"]
    with use_clean_environment([server.binding]), connect_client(server.binding) as client:
        for call in (
            lambda: client.list_artifacts("r1"),
            lambda: client.download_artifacts("r1", "card.txt"),
            lambda: client.log_artifact("r1", __file__),
        ):
            with pytest.raises(Exception, match="a file: address"):
                call()
    assert [path.name for path in outside.iterdir()] == ["card.txt"]


@pytest.mark.parametrize("address", ELSEWHERE)
@pytest.mark.parametrize("hostile", ["source", "target"])
def test_a_swap_reads_and_writes_no_file_that_a_server_names(
    make: Callable[[], Server], outside: Path, hostile: str, address: str
) -> None:
    source, target = make(), make()
    (source if hostile == "source" else target).addresses = [address.format(outside)]
    for doing in (
        lambda: MOVER.copy(source.binding, target.binding, None, print),
        lambda: MOVER.compare(source.binding, target.binding, None),
    ):
        with use_clean_environment([source.binding, target.binding]), pytest.raises(StackgenError) as refused:
            doing()
        (problem,) = refused.value.problems
        assert problem.code == "move-failed"
        assert problem.message.startswith("not moved: run r1: its artifacts are at ")
        assert ELSEWHERE[address] in problem.message
    assert [path.name for path in outside.iterdir()] == ["card.txt"]
    made = [line for line in target.asked if "create" in line or line.startswith("PUT")]
    assert not made, "something was copied before the obstacle was seen"


@pytest.mark.parametrize(
    "address", ["file:///root/model", "/root/model", "mlflow-artifacts:/1/gone/artifacts/model"]
)
def test_a_version_of_files_that_no_run_has_stops_a_swap(make: Callable[[], Server], address: str) -> None:
    """Its files would stay behind, and the new version would name what is not there."""
    source, target = make(), make()
    source.source = address
    found = find_mover("mlflow")
    assert found is not None
    with pytest.raises(StackgenError, match="not moved: version 1 of model m: it is made of files at a "):
        found.copy(source.binding, target.binding, None, print)


def test_a_server_sends_nobody_on_to_another(make: Callable[[], Server]) -> None:
    """Such as to the metadata service of a cloud, whose answer would end up in the new registry."""
    source, target, inside = make(), make(), make()
    source.redirect = f"{inside.url}/metadata"
    found = find_mover("mlflow")
    assert found is not None
    found.compare(source.binding, target.binding, None)
    assert any("/artifacts/card.txt" in line for line in source.asked)
    assert not inside.asked


MAKERS = ("MlflowClient", "get_artifact_repository")
# These run as a component's account and read what a registry names; docs/hostile-input.md says so.
OF_COMPONENTS = {
    "providers/shared/program/mlserver_files/fetch_model.py",
    "providers/local/program/local_provider/scripts/download_model.py",
}


def test_one_module_makes_the_mlflow_client() -> None:
    makers = {
        path.relative_to(SOURCE).as_posix()
        for path in MODULES
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Attribute | ast.ImportFrom)
        and (
            ast.unparse(node).startswith(("mlflow.artifacts", "from mlflow.artifacts", "mlflow.MlflowClient"))
            or (isinstance(node, ast.ImportFrom) and any(a.name in MAKERS for a in node.names))
        )
    }
    assert makers == {"contracts/mlflow/artifacts.py", *OF_COMPONENTS}
