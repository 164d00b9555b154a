"""A server's tool that does not end, and a server that listens somewhere else than where it is asked."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from stackgen.providers.local.operations import PROGRAM

pytestmark = pytest.mark.unit
LISTEN = """
import socket, sys
family = socket.AF_INET6 if ":" in sys.argv[1] else socket.AF_INET
server = socket.create_server((sys.argv[1], 0), family=family)
print(server.getsockname()[1], flush=True)
sys.stdin.read()
"""


def test_a_tool_that_does_not_end_is_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(PROGRAM))
    from local_provider import commands  # pyright: ignore
    from local_provider.failure import LocalFailure  # pyright: ignore

    began = time.monotonic()
    with pytest.raises(LocalFailure, match="store: sleep was not done after 1 s"):
        commands.helper(
            "store: sleep", ["sleep", "600"], dict(os.environ), account=None, folder=tmp_path, timeout=1
        )
    assert time.monotonic() - began < 300


@pytest.mark.parametrize(
    ("address", "serves"), [("127.0.0.1", True), ("0.0.0.0", True), ("127.0.0.2", False), ("::1", False)]
)
def test_a_server_listens_where_it_is_asked(
    monkeypatch: pytest.MonkeyPatch, address: str, serves: bool
) -> None:
    """Another user can take a port of 127.0.0.1 that the server has on another address only."""
    monkeypatch.syspath_prepend(str(PROGRAM))
    from local_provider import listening  # pyright: ignore

    with subprocess.Popen(
        [sys.executable, "-c", LISTEN, address], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as server:
        assert server.stdout is not None
        port = server.stdout.readline().strip()
        if not port:
            pytest.skip(f"this machine has no address {address}")
        for health in ({"tcp": f"127.0.0.1:{port}"}, {"http": f"http://127.0.0.1:{port}/health"}):
            assert listening.serves(server.pid, health) == serves
