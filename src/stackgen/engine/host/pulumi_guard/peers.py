"""Lets only processes of this user call a gRPC server on loopback, where any user of the machine can connect.

gRPC tells a server the port of a caller, not the connection. A port may be another caller's a moment later, so every
connection is taken here first, looked at while it stands, and then given on to the server's own socket.
"""

from __future__ import annotations

import ipaddress
import os
import shutil
import socket
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import grpc

TABLES = (Path("/proc/net/tcp"), Path("/proc/net/tcp6"))
ESTABLISHED = "01"  # in other states the kernel may name root as the owner of a socket that was closed
UNACCEPTED = "0"  # the inode of a connection that no process has taken yet: root's, for some kernels
ATTEMPTS = 20  # a table that changes while it is read may lack a row
CHUNK_BYTES = 1 << 16  # bytes given on at once

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Endpoint = tuple[Address, int]


def server(*arguments: Any, **options: Any) -> Any:
    """A `grpc.server` that answers this user's processes only; takes what `grpc.server` takes.

    Elsewhere than on Linux the system does not say whose a connection is, and every caller is answered.
    """
    made: Any = _grpc_server(*arguments, **options)
    if sys.platform.startswith("linux"):
        listen = made.add_insecure_port
        made.add_insecure_port = lambda address: _listen(address, listen)
    return made


_grpc_server = grpc.server


def _listen(address: str, listen: Any) -> int:
    """Take connections at `address` in place of the gRPC server, which gets a socket that only this process reaches."""
    folder = tempfile.mkdtemp(prefix="stackgen-", dir="/tmp")  # its path must be short
    try:
        listen(f"unix:{folder}/s")
        inner = os.open(f"{folder}/s", os.O_PATH | os.O_CLOEXEC)
    finally:
        shutil.rmtree(folder)
    host, _, port = address.rpartition(":")
    outer = socket.create_server((host, int(port)), backlog=128)  # Pulumi names 127.0.0.1
    threading.Thread(target=_take, args=(outer, inner), name="peers", daemon=True).start()
    return int(outer.getsockname()[1])


def _take(outer: socket.socket, inner: int) -> None:
    while True:
        with suppress(OSError):  # a caller that is gone already
            connection, _ = outer.accept()
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # else 40 ms with many an answer
            threading.Thread(target=_serve, args=(connection, inner), daemon=True).start()


def _serve(connection: socket.socket, inner: int) -> None:
    with connection, socket.socket(socket.AF_UNIX) as ours:
        if not is_own_user(connection):
            return
        ours.connect(f"/proc/self/fd/{inner}")
        back = threading.Thread(target=_give_on, args=(ours, connection), daemon=True)
        back.start()
        _give_on(connection, ours)
        back.join()


def _give_on(source: socket.socket, target: socket.socket) -> None:
    with suppress(OSError):
        while data := source.recv(CHUNK_BYTES):
            target.sendall(data)
    with suppress(OSError):
        target.shutdown(socket.SHUT_WR)


def is_own_user(connection: socket.socket) -> bool:
    """True if a process of this user is at the other end; one whose user can't be determined is not.

    While our end stands, no other socket can be at the other one; so it must still stand after the look.
    """
    for _ in range(ATTEMPTS):
        try:
            user = find_owner(_place(connection.getpeername()), _place(connection.getsockname()))
        except OSError:
            return False
        if not _stands(connection):
            return False
        if user is not None:
            return user == os.geteuid()
        time.sleep(0.005)
    return False


def _stands(connection: socket.socket) -> bool:
    state = connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 1)[0]
    return state == int(ESTABLISHED, 16)


def _place(name: tuple[Any, ...]) -> Endpoint:
    return _plain(ipaddress.ip_address(str(name[0]).partition("%")[0])), int(name[1])


def find_owner(peer: Endpoint, place: Endpoint) -> int | None:
    """The user whose socket is at `peer` and connected to our `place`; None if no table has it.

    Both ends are compared whole: another user can lure root to the same port of another address, from the caller's
    own port.
    """
    found = {
        user
        for table in TABLES
        for local, remote, user in _connections(table, peer[1])
        if (local, remote) == (peer, place)
    }
    return found.pop() if len(found) == 1 else None


def _connections(table: Path, port: int) -> Iterator[tuple[Endpoint, Endpoint, int]]:
    """Local end, remote end and user of the connections whose local port is `port`."""
    try:
        lines = table.read_text(encoding="ascii").splitlines()[1:]
    except OSError:
        return
    for line in lines:
        words = line.split()
        if words[1].endswith(f":{port:04X}") and words[3] == ESTABLISHED and words[9] != UNACCEPTED:
            yield _end(words[1]), _end(words[2]), int(words[7])


def _end(text: str) -> Endpoint:
    """`0100007F:1F90` → 127.0.0.1, 8080: 32-bit words in the machine's own byte order."""
    address, _, port = text.partition(":")
    words = [bytes.fromhex(address[at : at + 8]) for at in range(0, len(address), 8)]
    if sys.byteorder == "little":
        words = [word[::-1] for word in words]
    return _plain(ipaddress.ip_address(b"".join(words))), int(port, 16)


def _plain(address: Address) -> Address:
    """An IPv4 address that is written as an IPv6 one, as IPv4."""
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return mapped or address
