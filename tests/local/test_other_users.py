"""Real servers on a machine with other users: planted links, pipes, and ports that somebody else took.

The umask is that of a hardened machine, and the data home has every character that was ever in the way.
"""

from __future__ import annotations

import json
import os
import pwd
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Cli

pytestmark = [
    pytest.mark.local,
    pytest.mark.skipif(
        os.geteuid() != 0, reason="servers run as another account only where stackgen is root"
    ),
]
SPEC = """\
apiVersion: stackgen/v1
name: shared
components:
  documents: {capability: object_store}
  knowledge: {capability: vector_store, dimensions: 3}
environments: {dev: {provider: local}}
"""
SECRET = "of root alone"
DATA = "d x#y%20z?ü'"
# Whoever connects is asked for a password in clear, as PostgreSQL asks; what was sent is printed.
THIEF = """
import os, socket, sys
os.setgroups([]); os.setgid(4321); os.setuid(4321)
server = socket.create_server(("127.0.0.1", int(sys.argv[1])))
print("listening", flush=True)
while True:
    connection, _ = server.accept()
    connection.settimeout(5)
    try:
        sent = connection.recv(1000)
        connection.sendall(b"R" + (8).to_bytes(4, "big") + (3).to_bytes(4, "big"))
        sent += connection.recv(1000)
    except OSError:
        pass
    print(sent, flush=True)
"""


@pytest.fixture
def shared(open_folder: Path) -> Iterator[Cli]:
    folder = open_folder / "shared machine"
    folder.mkdir()
    before = os.umask(0o077)
    yield Cli(folder, folder / DATA)
    os.umask(before)


def _plant(place: Path, kind: str, target: Path) -> None:
    """As the servers' account: put a link or a pipe in the place of a file."""
    account = pwd.getpwnam("nobody")
    make = 'mkfifo "$1"' if kind == "pipe" else 'ln -s "$2" "$1"'
    script = ["/bin/sh", "-c", f'rm -rf "$1" && {make}', "sh", str(place), str(target)]
    subprocess.run(script, check=True, user=account.pw_uid, group=account.pw_gid, extra_groups=[], cwd="/")


def _seen(folder: Path) -> dict[str, Any]:
    paths = [folder, *sorted(folder.rglob("*"))]
    return {str(p): (p.lstat().st_uid, p.lstat().st_mode, p.is_file() and p.read_bytes()) for p in paths}


def test_planted_links_and_pipes_are_harmless(shared: Cli) -> None:
    (shared.folder / "stack.yaml").write_text(SPEC)
    victim = shared.folder / "victim"
    victim.mkdir()
    (victim / "secret").write_text(SECRET)
    (victim / "secret").chmod(0o600)
    shared("up", "stack.yaml", "--yes")
    workspace, before = (shared.folder / DATA) / "stacks" / "shared" / "dev", _seen(victim)
    places = {
        "run/documents/environment.sh": "pipe",
        "run/documents/start.sh": "link",
        "run/knowledge/environment.sh": "link",
        "run/knowledge/password": "pipe",
        "logs/documents.log": "link",
        "logs/knowledge.log": "pipe",
        "supervisor/state/supervisord.log": "link",
        "supervisor/state/supervisord.pid": "pipe",
        "data/documents/planted": "link",
    }

    def plant(target: Path) -> None:
        for place, kind in places.items():
            _plant(workspace / place, kind, target)

    plant(victim / "secret")
    logs = shared("logs", "stack.yaml")
    assert SECRET not in logs.stdout + logs.stderr
    assert "logs/documents.log can't be read" in logs.stdout
    shared("status", "stack.yaml")
    shared("up", "stack.yaml", "--yes")
    assert _seen(victim) == before
    shared("verify", "stack.yaml", "--clause", "put-get")
    plant(victim)
    shared("down", "stack.yaml", "--yes")
    assert _seen(victim) == before
    _no_password_for_another_user(shared)
    _plant(workspace / "data" / "documents" / "planted", "link", victim)
    shared("down", "stack.yaml", "--delete-data", "--yes")
    assert _seen(victim) == before
    assert not workspace.exists()


def _no_password_for_another_user(shared: Cli) -> None:
    """While the database is down, another user takes its port."""
    ports = json.loads(((shared.folder / DATA) / "ports.json").read_text())
    port = next(number for number, owner in ports.items() if owner.endswith("/knowledge-port"))
    thief = subprocess.Popen([sys.executable, "-c", THIEF, port], stdout=subprocess.PIPE, text=True)
    assert thief.stdout is not None
    try:
        assert thief.stdout.readline() == "listening\n"
        failed = shared("up", "stack.yaml", "--yes", code=4)
        assert f"its port {port} is taken by" in failed.stderr
    finally:
        thief.kill()
        sent = thief.communicate()[0].splitlines()
    assert [line for line in sent if line != "b''"] == [], "something was sent to a port of another user"
    shared("up", "stack.yaml", "--yes")
    with socket.create_connection(("127.0.0.1", int(port)), timeout=5):
        pass
