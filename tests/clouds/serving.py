"""Serves stand-ins for providers over gRPC until standard input ends; says where on one line of JSON."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from concurrent import futures
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import grpc
from pulumi.runtime.proto import provider_pb2_grpc

ROOT = Path(__file__).parents[2]
_LIMITS = [("grpc.max_receive_message_length", 1 << 28), ("grpc.max_send_message_length", 1 << 28)]


def serve(providers: Mapping[str, Any]) -> None:
    """Each of the providers (package → servicer) at a port of its own, on loopback."""
    ports: dict[str, int] = {}
    servers: list[Any] = []
    for package, servicer in providers.items():
        server = grpc.server(futures.ThreadPoolExecutor(max_workers=16), options=_LIMITS)
        provider_pb2_grpc.add_ResourceProviderServicer_to_server(servicer, server)
        ports[package] = server.add_insecure_port("127.0.0.1:0")
        server.start()
        servers.append(server)
    print(json.dumps(ports), flush=True)
    sys.stdin.read()
    for server in servers:
        server.stop(0)


@contextmanager
def running(
    module: str, arguments: Sequence[str], variables: Mapping[str, str] | None = None
) -> Iterator[dict[str, int]]:
    """`python -m module arguments` as it serves: package → port."""
    process = subprocess.Popen(
        [sys.executable, "-m", module, *arguments],
        cwd=ROOT,
        env={**os.environ, **(variables or {})},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    try:
        yield json.loads(process.stdout.readline())
    finally:
        process.kill()
        process.wait()


def attached(ports: Mapping[str, int]) -> dict[str, str]:
    """The variable that makes the engine use them instead of plugins."""
    return {"PULUMI_DEBUG_PROVIDERS": ",".join(f"{name}:{port}" for name, port in ports.items())}


FEW_CHECKPOINTS = {"PULUMI_EXPERIMENTAL": "true", "PULUMI_SKIP_CHECKPOINTS": "true"}
"""Lets the engine write its state at the end of an update, not after each step, which takes most of the time where
hundreds of resources cost nothing. For updates that come to their end; tests/engine and tests/local have the others.
"""
