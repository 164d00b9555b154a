"""Lets only processes of this user call a gRPC server on loopback, where any user of the machine can connect."""

from __future__ import annotations

import ipaddress
import os
import re
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import grpc

TABLES = (Path("/proc/net/tcp"), Path("/proc/net/tcp6"))
ESTABLISHED = "01"  # in other states the kernel may name root as the owner of a socket that was closed
UNACCEPTED = "0"  # the inode of a connection that no process has taken yet: root's, for some kernels
ATTEMPTS = 20  # a table that changes while it is read may lack a row
KINDS = ("unary_unary", "unary_stream", "stream_unary", "stream_stream")
_PEER = re.compile(r"ipv[46]:\[?(?P<address>[^\]]+?)\]?:(?P<port>\d+)")

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
End = tuple[Address, int]


class OwnUserOnly(grpc.ServerInterceptor):
    """Answers PERMISSION_DENIED to callers of other users. place: where the server listens."""

    def __init__(self) -> None:
        self.place: End = (ipaddress.IPv4Address("127.0.0.1"), 0)

    def intercept_service(self, continuation: Callable[[Any], Any], handler_call_details: Any) -> Any:
        """The service's own handler behind a look at who calls."""
        handler = continuation(handler_call_details)
        if handler is None:
            return None
        kind = next(kind for kind in KINDS if getattr(handler, kind))
        behaviour = getattr(handler, kind)

        def checked(request: Any, context: Any) -> Any:
            if not allowed(context.peer(), self.place):
                context.abort(
                    grpc.StatusCode.PERMISSION_DENIED,
                    f"only processes of the user with the number {os.geteuid()} may call this server",
                )
            return behaviour(request, context)

        make = getattr(grpc, f"{kind}_rpc_method_handler")
        return make(checked, handler.request_deserializer, handler.response_serializer)


def server(*arguments: Any, **options: Any) -> Any:
    """A `grpc.server` that answers this user's processes only; takes what `grpc.server` takes."""
    guard = OwnUserOnly()
    made: Any = _grpc_server(*arguments, interceptors=[guard, *options.pop("interceptors", ())], **options)
    listen = made.add_insecure_port

    def add_insecure_port(address: str) -> int:
        host = ipaddress.ip_address(address.rpartition(":")[0].strip("[]"))  # Pulumi names 127.0.0.1
        guard.place = _plain(host), listen(address)
        return guard.place[1]

    made.add_insecure_port = add_insecure_port
    return made


_grpc_server = grpc.server


def allowed(peer: str, place: End) -> bool:
    """Whether the caller at `peer` (as gRPC writes it), connected to our `place`, is a process of this user.

    On Linux a caller whose user can't be determined is not. Elsewhere there is no such table, and every caller is.
    """
    if not sys.platform.startswith("linux"):
        return True
    for _ in range(ATTEMPTS):
        user = owner(peer, place)
        if user is not None:
            return user == os.geteuid()
        time.sleep(0.005)
    return False


def owner(peer: str, place: End) -> int | None:
    """The user whose socket is at `peer` and connected to our `place`; None if no table has it.

    Both ends are compared whole: another user can lure root to the same port of another address, from the caller's
    own port.
    """
    match = _PEER.fullmatch(unquote(peer))
    if match is None:
        return None
    address, theirs = _plain(ipaddress.ip_address(match["address"].partition("%")[0])), int(match["port"])
    found = {
        user
        for table in TABLES
        for local, remote, user in _connections(table, theirs)
        if (local, remote) == ((address, theirs), place)
    }
    return found.pop() if len(found) == 1 else None


def _connections(table: Path, port: int) -> Iterator[tuple[End, End, int]]:
    """Local end, remote end and user of the connections whose local port is `port`."""
    try:
        lines = table.read_text(encoding="ascii").splitlines()[1:]
    except OSError:
        return
    for line in lines:
        words = line.split()
        if words[1].endswith(f":{port:04X}") and words[3] == ESTABLISHED and words[9] != UNACCEPTED:
            yield _end(words[1]), _end(words[2]), int(words[7])


def _end(text: str) -> End:
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
