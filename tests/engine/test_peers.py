"""Whose socket a caller's is, read from tables as the kernel writes them."""

from __future__ import annotations

import ipaddress
import os
import socket
import struct
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from unittest.mock import patch

import pytest

from stackgen.engine.host.pulumi_guard import peers
from tests.waiting import eventually

pytestmark = [
    pytest.mark.unit,
    pytest.mark.skipif(sys.platform != "linux" or sys.byteorder != "little", reason="the tables are Linux's"),
]

HEAD = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n"
SERVER = ipaddress.ip_address("127.0.0.1"), 50000  # C350
MAPPED = "0000000000000000FFFF00000100007F:C350"
V4, V6 = "0100007F:9C40", "0000000000000000FFFF00000100007F:9C40"  # 127.0.0.1:40000, also as IPv6
ELSEWHERE = "127.0.0.2"  # no other program of this machine takes a port of it
PEER = ipaddress.ip_address("127.0.0.1"), 40000


def row(local: str, user: int, *, remote: str = "", state: str = "01", inode: int = 1234) -> str:
    remote = remote or ("0100007F:C350" if len(local) < 20 else MAPPED)
    rest = f"{user:5} 0 {inode} 1 0000000 20 4"
    return f"   0: {local} {remote} {state} 00000000:00000000 00:00000000 00000000 {rest}\n"


@pytest.mark.parametrize(
    ("peer", "tcp", "tcp6", "user"),
    [
        (PEER, row(V4, 1001), "", 1001),
        (PEER, "", row(V6, 1001), 1001),
        (PEER, row(V4, 0, state="06"), "", None),  # closed: the kernel names root then
        (PEER, row(V4, 0, state="04"), "", None),
        (PEER, row(V4, 1001, remote="0100007F:C351"), "", None),  # the same port, connected elsewhere
        (PEER, row(V4, 0, remote="0100007F:C351") + row(V4, 1001), "", 1001),
        (PEER, row("0200007F:9C40", 0), row(V6, 1001), 1001),  # the same port of another address
        (PEER, row(V4, 0, remote="0200007F:C350"), row(V6, 1001), 1001),  # root lured to 127.0.0.2
        (PEER, row(V4, 0, remote="0200007F:C350"), "", None),
        (PEER, row(V4, 0, inode=0), "", None),  # not accepted yet: root's, for some kernels
        (PEER, row(V4, 0), row(V6, 1001), None),  # one of two: no one's
        (PEER, row("0100007F:9C41", 0), "", None),
        (PEER, "", "", None),
    ],
)
def test_the_owner_of_a_connection(
    tmp_path: Path, peer: peers.Endpoint, tcp: str, tcp6: str, user: int | None
) -> None:
    tables = (tmp_path / "tcp", tmp_path / "tcp6")
    for table, text in zip(tables, (tcp, tcp6), strict=True):
        table.write_text(HEAD + text)
    with patch.object(peers, "TABLES", tables):
        assert peers.find_owner(peer, SERVER) == user


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as found:
        yield found


def test_only_the_own_user_is_allowed(tmp_path: Path, listener: socket.socket) -> None:
    with socket.create_connection(listener.getsockname()) as caller:
        connection, _ = listener.accept()
        with connection:
            assert peers.is_own_user(connection)
            ends = [words(place.getsockname()) for place in (caller, connection)]
            table = tmp_path / "tcp"
            table.write_text(HEAD + row(ends[0], os.geteuid() + 1, remote=ends[1]))
            with patch.object(peers, "TABLES", (table, tmp_path / "none")):
                assert not peers.is_own_user(connection)
            with patch.object(peers, "TABLES", (tmp_path / "none",)):
                assert not peers.is_own_user(connection), "its user can't be determined"


def words(place: tuple[str, int]) -> str:
    return f"0100007F:{place[1]:04X}"


@pytest.mark.parametrize("when", ["before the look", "during the look"])
def test_a_caller_that_has_gone_is_not_taken_for_who_has_its_port_now(
    listener: socket.socket, when: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A stranger calls, resets the connection, and root's next connection to the server gets the same port."""
    stranger = socket.create_connection(listener.getsockname(), source_address=(ELSEWHERE, 0))
    port = stranger.getsockname()[1]
    stranger.sendall(b"a call")
    connection, _ = listener.accept()
    later: list[socket.socket] = []

    def call_again() -> bool:
        """False while the kernel still has the reset connection."""
        with suppress(OSError):
            later.append(socket.create_connection(listener.getsockname(), source_address=(ELSEWHERE, port)))
        return bool(later)

    def taken_over() -> None:
        stranger.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        stranger.close()
        eventually(call_again)
        later.append(listener.accept()[0])

    def owner(*ends: peers.Endpoint) -> int | None:
        if not later:
            taken_over()
        return real(*ends)

    real = peers.find_owner
    monkeypatch.setattr(peers, "find_owner", owner)
    if when == "before the look":
        taken_over()
    with connection:
        assert not peers.is_own_user(connection)
        assert connection.recv(100) == b"a call", "what was sent can still be read"
        assert peers.is_own_user(later[1])
    for one in later:
        one.close()
