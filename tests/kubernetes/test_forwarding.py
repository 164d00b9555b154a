"""A forwarded port leads to kubectl or nowhere: scripts stand in for kubectl, and for another user of the machine."""

from __future__ import annotations

import os
import socket
import sys
import threading
import time
from argparse import Namespace
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from stackgen.cli import run as run_command
from stackgen.environment.opened import OpenedEnvironment
from stackgen.environment.opening import open_environment
from stackgen.errors import StackgenError
from stackgen.providers.kubernetes.operations import reach_services
from stackgen.swap.site import Site
from tests.kubernetes.test_reaching import RESOURCES

pytestmark = pytest.mark.unit
KUBECTL = """#!{python}
import os, pathlib, socket, sys, threading, time
folder = pathlib.Path({folder!r})
server = socket.create_server(("127.0.0.1", 0))
print("W1127 a warning of the cluster's", flush=True)
print(f"Forwarding from 127.0.0.1:{{server.getsockname()[1]}} -> 8080", flush=True)

def answer(client):
    while data := client.recv(65536):
        client.sendall(data.upper())
    client.close()

def serve():
    while True:
        client, _ = server.accept()
        print("Handling connection for 8080 " + "x" * {noise}, flush=True)
        threading.Thread(target=answer, args=(client,), daemon=True).start()

threading.Thread(target=serve, daemon=True).start()
while not (folder / "end").exists():
    time.sleep(0.02)
print("error: lost connection to pod", flush=True)
os._exit(1)
"""
BINDINGS = {"app": {"http": {"url": "http://app.claims.svc:8080"}}}
PASSWORD = b"the password of the binding"


@pytest.fixture(params=[10, 20_000])
def noise(request: pytest.FixtureRequest) -> int:
    """Characters that kubectl says for each connection: what nobody reads would hold it up."""
    return int(request.param)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, noise: int) -> Path:
    program = tmp_path / "bin" / "kubectl"
    program.parent.mkdir()
    program.write_text(KUBECTL.format(python=sys.executable, folder=str(tmp_path), noise=noise))
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{program.parent}:{os.environ['PATH']}")
    return tmp_path


def _asked(port: int, data: bytes = PASSWORD) -> bytes:
    """What comes back until the end; b"" where the connection is closed or reset."""
    try:
        with socket.create_connection(("127.0.0.1", port), 30) as client:
            client.sendall(data)
            client.shutdown(socket.SHUT_WR)
            found = b""
            while chunk := client.recv(65536):
                found += chunk
            return found
    except TimeoutError:
        raise
    except OSError:
        return b""


def _kubectls_port(folder: Path) -> int:
    """Where the script listens, as any user of the machine can see."""
    import psutil

    (found,) = (
        connection.laddr[1]
        for process in psutil.Process().children()
        if str(folder) in " ".join(process.cmdline())
        for connection in process.net_connections("tcp")
        if connection.status == psutil.CONN_LISTEN
    )
    return int(found)


@contextmanager
def _another_listens(port: int) -> Iterator[list[bytes]]:
    """Another process takes kubectl's port as soon as it is free, and answers; yields what it is sent."""
    heard: list[bytes] = []
    deadline = time.monotonic() + 30
    while True:
        try:
            server = socket.create_server(("127.0.0.1", port))
            break
        except OSError:
            assert time.monotonic() < deadline
            time.sleep(0.01)

    def listen() -> None:
        while True:
            try:
                client, _ = server.accept()
            except OSError:
                return
            with client:
                heard.append(client.recv(65536))
                client.sendall(b"welcome")

    threading.Thread(target=listen, daemon=True).start()
    try:
        yield heard
    finally:
        server.shutdown(socket.SHUT_RDWR)
        server.close()


def _port(found: dict[str, Any]) -> int:
    return int(found["app"]["http"]["url"].rpartition(":")[2])


def test_what_is_sent_arrives_and_is_answered_as_often_as_it_is_asked(folder: Path) -> None:
    with reach_services(RESOURCES, BINDINGS) as found:
        large = os.urandom(3_000_000).hex().encode()
        assert _asked(_port(found), large) == large.upper()
        assert all(_asked(_port(found)) == PASSWORD.upper() for _ in range(20))


def test_who_listens_after_kubectl_is_sent_nothing_and_it_is_said(folder: Path) -> None:
    told, seen = threading.Event(), dict[str, Any]()  # looked at outside, where the error replaces no other
    with (
        pytest.raises(StackgenError, match="app of claims: error: lost connection to pod") as caught,
        reach_services(RESOURCES, BINDINGS, told.set) as found,
    ):
        seen["before"] = _asked(_port(found))
        taken = _kubectls_port(folder)
        (folder / "end").touch()
        with _another_listens(taken) as heard:
            seen["another"] = _asked(taken, b"who are you")
            seen["told"] = told.wait(30)
            seen["after"] = [_asked(_port(found)) for _ in range(5)]
            seen["held"] = _is_taken(_port(found))
        seen["heard"] = b"".join(heard)
    assert seen == {
        "before": PASSWORD.upper(),
        "another": b"welcome",
        "told": True,
        "after": [b""] * 5,
        "held": True,
        "heard": b"who are you",
    }
    assert caught.value.problems[0].code == "forward-ended"


def _is_taken(port: int) -> bool:
    try:
        socket.create_server(("127.0.0.1", port)).close()
    except OSError:
        return True
    return False


def test_an_error_of_a_client_is_told_by_its_cause(folder: Path) -> None:
    with (
        pytest.raises(StackgenError, match="kubectl has ended"),
        reach_services(RESOURCES, BINDINGS) as found,
    ):
        (folder / "end").touch()
        while _asked(_port(found)):
            time.sleep(0.05)
        raise ConnectionError("of a client's library")


class _Deployed(OpenedEnvironment):
    """What would be deployed, without a cluster."""

    def bindings(self) -> dict[str, Any]:
        return BINDINGS

    def outputs(self) -> dict[str, Any]:
        return {"bindings": BINDINGS}

    def refuse_foreign(self, exported: Any) -> None:
        del exported

    def deployment(self, progress: Any, tools: Any = None) -> Any:
        del progress, tools
        return Namespace(resources=lambda: RESOURCES)


def _deployed(folder: Path) -> _Deployed:
    (folder / "stack.yaml").write_text(
        "apiVersion: stackgen/v1\nname: one\ncomponents: {app: {capability: object_store}}\n"
        "environments: {test: {provider: kubernetes, settings: {context: onprem}}}\n"
    )
    return _Deployed(**vars(open_environment(folder / "stack.yaml")))


def test_a_swap_reaches_the_services_of_a_cluster_until_its_end(folder: Path) -> None:
    site = Site(_deployed(folder), "app", lambda _: None)
    with site.connection():
        port = _port(dict(site.others()))
        assert _asked(port) == PASSWORD.upper()
        assert _port(dict(site.others())) == port, "forwarded once"
        assert site.boxes() == {1: BINDINGS["app"]}, "what is exported stays as it is"
    assert _asked(port) == b""


def test_run_stops_its_command_as_soon_as_kubectl_ends(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The command would go on for an hour."""
    deployed = _deployed(folder)
    monkeypatch.setattr(run_command, "open_named_environment", lambda _: deployed)
    script = f"touch {folder}/begun {folder}/end; exec sleep 3600"
    arguments = Namespace(rest=["sh", "-c", script], stack="", environment=None, output=None)
    with pytest.raises(StackgenError, match="kubectl has ended"):
        run_command.run(arguments, run_command.Console(quiet=True))
    assert (folder / "begun").exists()
