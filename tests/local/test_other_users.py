"""Real servers on a machine with other users: accounts, planted links, pipes, and ports that another user took.

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

from tests.accounts import owner
from tests.conftest import Cli
from tests.local.processes import servers, variable

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
CONNECT = """
import os, psycopg
with psycopg.connect(os.environ["KNOWLEDGE_DATABASE_URL"]) as connection:
"""
WRITE = CONNECT + "    connection.execute(\"create table notes as select 'kept' as text\")"
READ = CONNECT + "    print(connection.execute('select text from notes').fetchone()[0])"
SECRET = "of root alone"
DATA = "d x#y%20z?ü'"
# Whoever connects is asked for a password in clear, as PostgreSQL asks; what was sent is printed.
THIEF = """
import os, socket, sys
os.setgroups([]); os.setgid(4321); os.setuid(4321)
family = socket.AF_INET6 if ":" in sys.argv[2] else socket.AF_INET
server = socket.socket(family)
server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
server.bind((sys.argv[2], int(sys.argv[1])))
server.listen()
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


def _as_server(
    account: pwd.struct_passwd, script: str, *arguments: Path
) -> subprocess.CompletedProcess[bytes]:
    """Run a line of shell as the account of a server, with its group and no other."""
    return subprocess.run(
        ["/bin/sh", "-c", script, "sh", *map(str, arguments)],
        check=False,
        capture_output=True,
        cwd="/",
        user=account.pw_uid,
        group=account.pw_gid,
        extra_groups=[],
    )


def _plant(place: Path, kind: str, target: Path, account: pwd.struct_passwd) -> bool:
    """As a server: put a link or a pipe in the place of a file; whether that could be done."""
    make = 'mkfifo "$1"' if kind == "pipe" else 'ln -s "$2" "$1"'
    return _as_server(account, f'rm -rf "$1" && {make}', place, target).returncode == 0


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
    accounts = {name: owner(workspace / "run" / name) for name in ("documents", "knowledge")}
    places = {
        "run/documents/environment.sh": "pipe",
        "run/documents/start.sh": "link",
        "run/knowledge/environment.sh": "link",
        "run/knowledge/password": "pipe",
        "data/documents/planted": "link",
    }
    closed = {
        "logs/documents.log": "link",
        "logs/knowledge.log": "pipe",
        "supervisor/state/supervisord.log": "link",
        "supervisor/state/supervisord.pid": "pipe",
        "supervisor/processes/documents.conf": "link",
    }

    def plant(target: Path) -> None:
        for place, kind in places.items():
            assert _plant(workspace / place, kind, target, accounts[place.split("/")[1]]), place
        for place, kind in closed.items():
            assert not _plant(workspace / place, kind, target, accounts["documents"]), place

    _servers_are_apart(workspace, accounts)
    plant(victim / "secret")
    logs = shared("logs", "stack.yaml")
    assert SECRET not in logs.stdout + logs.stderr
    assert "documents: " in logs.stdout
    shared("status", "stack.yaml")
    shared("up", "stack.yaml", "--yes")
    assert _seen(victim) == before
    shared("verify", "stack.yaml", "--clause", "put-get")
    plant(victim)
    shared("down", "stack.yaml", "--yes")
    assert _seen(victim) == before
    _no_password_for_another_user(shared)
    _data_of_former_versions_is_given(shared, workspace, accounts)
    planted = workspace / "data" / "documents" / "planted"
    assert _plant(planted, "link", victim, owner(workspace / "data" / "documents"))
    shared("down", "stack.yaml", "--delete-data", "--yes")
    assert _seen(victim) == before
    assert not workspace.exists()
    left = {entry.pw_name for entry in pwd.getpwall()} & {account.pw_name for account in accounts.values()}
    assert left == set(), "accounts go with what they own"


def _servers_are_apart(workspace: Path, accounts: dict[str, pwd.struct_passwd]) -> None:
    """No server reads another's secrets, data or processes, and none reaches the supervisor."""
    documents, knowledge = accounts["documents"], accounts["knowledge"]
    assert documents.pw_uid != knowledge.pw_uid
    assert 0 not in (documents.pw_uid, documents.pw_gid, knowledge.pw_uid)
    (server,) = [p for p in servers(workspace.parents[2]) if variable(p, "STACKGEN_PROCESS") == "documents"]
    assert server.uids() == (documents.pw_uid,) * 3
    environment = workspace / "run" / "documents" / "environment.sh"
    for place in (environment, Path(f"/proc/{server.pid}/environ"), workspace / "data" / "documents"):
        read = 'cat "$1" || ls "$1/"'
        assert _as_server(documents, read, place).returncode == 0
        assert _as_server(knowledge, read, place).returncode != 0, place
    assert _as_server(knowledge, f"kill -0 {server.pid}").returncode != 0
    for account in accounts.values():
        assert _as_server(account, 'ls "$1" || ls "$2"', workspace / "supervisor", workspace).returncode != 0


def _data_of_former_versions_is_given(
    shared: Cli, workspace: Path, accounts: dict[str, pwd.struct_passwd]
) -> None:
    """Every server ran as `nobody` once; the next start of each gives it its data."""
    shared("run", "stack.yaml", "--", sys.executable, "-c", WRITE)
    shared("down", "stack.yaml", "--yes")
    former, folders = pwd.getpwnam("nobody"), ("knowledge/postgresql-18", "documents")
    changed = [path for name in folders for path in _tree(workspace / "data" / name)]
    for path in changed:
        os.chown(path, former.pw_uid, former.pw_gid, follow_symlinks=False)
    shared("up", "stack.yaml", "--yes")
    assert shared("run", "stack.yaml", "--", sys.executable, "-c", READ).stdout.strip() == "kept"
    for name, account in accounts.items():
        owners = {path.lstat().st_uid for path in changed if name in path.parts and path.exists()}
        assert owners == {account.pw_uid}, name


def _tree(folder: Path) -> list[Path]:
    return [folder, *(path for path in folder.rglob("*") if not path.is_symlink())]


def _no_password_for_another_user(shared: Cli) -> None:
    """While the database is down, another user takes its port."""
    ports = json.loads(((shared.folder / DATA) / "ports.json").read_text())
    port = next(number for number, owner in ports.items() if owner.endswith("/knowledge-port"))
    measured = shared("verify", "stack.yaml", code=10)
    assert f"no server listens at 127.0.0.1:{port}" in measured.stdout, (
        "who listens a moment later gets nothing"
    )
    for address in ("127.0.0.1", "::ffff:127.0.0.1"):
        command = [sys.executable, "-c", THIEF, port, address]
        thief = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        assert thief.stdout is not None
        try:
            assert thief.stdout.readline() == "listening\n"
            measured = shared("verify", "stack.yaml", code=10)
            assert f"another process listens at 127.0.0.1:{port} by python" in measured.stdout
            refused = shared("run", "stack.yaml", "--", "true", code=2)
            assert f"error[not-serving]: another process listens at 127.0.0.1:{port}" in refused.stderr
            if address == "127.0.0.1":  # an update looks at the port alone
                failed = shared("up", "stack.yaml", "--yes", code=4)
                assert f"its port {port} is taken by" in failed.stderr
        finally:
            thief.kill()
            sent = thief.communicate()[0].splitlines()
        assert [line for line in sent if line != "b''"] == [], "something was sent to a port of another user"
    shared("up", "stack.yaml", "--yes")
    with socket.create_connection(("127.0.0.1", int(port)), timeout=5):
        pass
