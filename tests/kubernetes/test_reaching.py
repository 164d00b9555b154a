"""Bindings of a cluster as this machine uses them; a script stands in for kubectl, since no pod here can be reached."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from stackgen.errors import StackgenError
from stackgen.providers.kubernetes.operations import find_namespace, log_command, reach_services

pytestmark = pytest.mark.unit
KUBECTL = """#!/bin/sh
echo $$ "$@" >> {log}
case "$*" in *service/gone*) echo "Error from server (NotFound): services \\"gone\\" not found"; exit 1;; esac
echo "Forwarding from 127.0.0.1:4${{#*}} -> 8080"
exec sleep 60
"""


@dataclass
class Resource:
    type: str
    outputs: dict[str, Any] = field(default_factory=dict[str, Any])


RESOURCES = [
    Resource("pulumi:providers:kubernetes", {"context": "onprem"}),
    Resource("kubernetes:core/v1:Namespace", {"metadata": {"name": "claims"}}),
]
BINDINGS = {
    "knowledge": {"pgvector": {"host": "knowledge-rw.claims.svc", "port": 5432, "password": "x"}},
    "gateway": {
        "openai-chat": {"base-url": "http://gateway.claims.svc:4000/v1", "model": "chat"},
        "openmetrics": {"url": "http://gateway.claims.svc:4000/metrics/"},
    },
    "files": {"s3": {"endpoint": "https://s3.example.com"}},
}


@pytest.fixture
def log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    file = tmp_path / "log"
    program = tmp_path / "bin" / "kubectl"
    program.parent.mkdir()
    program.write_text(KUBECTL.format(log=file))
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{program.parent}:{os.environ['PATH']}")
    return file


def _lives(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    return True


def test_services_are_behind_forwarded_ports_while_they_are_needed(log: Path) -> None:
    with reach_services(RESOURCES, BINDINGS) as found:
        assert found["knowledge"]["pgvector"]["host"] == "127.0.0.1"
        assert found["knowledge"]["pgvector"]["password"] == "x"
        base = found["gateway"]["openai-chat"]["base-url"]
        assert base.startswith("http://127.0.0.1:")
        assert found["gateway"]["openmetrics"]["url"] == base.replace("/v1", "/metrics/")
        assert found["files"] == BINDINGS["files"]
        lines = log.read_text().splitlines()
        assert len(lines) == 2, "one forwarding for each service and port"
        assert all("--context onprem --namespace claims port-forward" in line for line in lines)
    processes = [int(line.split()[0]) for line in lines]
    end = time.monotonic() + 10
    while any(map(_lives, processes)) and time.monotonic() < end:
        time.sleep(0.05)
    assert not any(map(_lives, processes))


def test_a_service_that_is_not_there_is_said(log: Path) -> None:
    bindings = {"gone": {"http": {"url": "http://gone.claims.svc:8080"}}}
    with pytest.raises(StackgenError, match='services "gone" not found'), reach_services(RESOURCES, bindings):
        pass


def test_without_kubectl_the_sentence_says_so(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(StackgenError, match="kubectl is not on PATH"):
        log_command(RESOURCES, "chat", 20, False)


def test_nothing_deployed_is_nowhere() -> None:
    assert find_namespace([]) is None
    assert log_command([], None, 20, False) == []
