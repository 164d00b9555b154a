"""Talks to a workspace's supervisord over its unix socket (XML-RPC, http://supervisord.org/api.html)."""

from __future__ import annotations

import hashlib
import http.client
import os
import socket
import struct
import xmlrpc.client
from pathlib import Path
from typing import Any

SHUTDOWN_STATE = 6  # https://github.com/Supervisor/supervisor/blob/4.3.0/supervisor/xmlrpc.py
LONGEST = 100  # bytes of a unix socket's path


class Unreachable(Exception):
    """No supervisord answers in this workspace."""


def socket_path(workspace: str) -> Path:
    """Return the path of the socket: in the workspace, or in a runtime folder if that path is too long."""
    path = Path(workspace, "supervisor", "state", "s.sock")
    if len(str(path).encode()) <= LONGEST:
        return path
    key = hashlib.sha256(workspace.encode()).hexdigest()[:32]
    return _runtime_folder() / key / "s.sock"


def _runtime_folder() -> Path:
    """A folder that no other user can make in our place, where the system has one."""
    if os.geteuid() == 0 and Path("/run").is_dir():
        return Path("/run/stackgen")
    # not $TMPDIR, which the engine's processes have another than the shell that asks for the state of servers
    return Path(os.environ.get("XDG_RUNTIME_DIR") or Path(os.sep, "tmp"), f"stackgen-{os.geteuid()}")


def call(workspace: str, method: str, *arguments: Any) -> Any:
    """Call `supervisor.<method>`; raises Unreachable or xmlrpc.client.Fault."""
    proxy = xmlrpc.client.ServerProxy("http://supervisor", transport=_Transport(socket_path(workspace)))
    try:
        return getattr(proxy.supervisor, method)(*arguments)
    except (OSError, http.client.HTTPException) as error:
        raise Unreachable(f"no supervisor answers for {workspace}: {error}") from error
    except xmlrpc.client.Fault as fault:
        if fault.faultCode != SHUTDOWN_STATE:
            raise
        raise Unreachable(f"the supervisor of {workspace} is shutting down") from fault


def process_state(workspace: str, name: str) -> dict[str, Any] | None:
    """Return supervisord's record of a process (statename, pid, start, …); None if it does not know it."""
    try:
        return call(workspace, "getProcessInfo", name)
    except xmlrpc.client.Fault:
        return None


def start_process(workspace: str, name: str) -> None:
    """Read the configuration again and start the process that it newly names."""
    call(workspace, "reloadConfig")
    _ignoring_faults(workspace, "addProcessGroup", name)


def stop_process(workspace: str, name: str) -> None:
    """Stop a process and remove it from supervisord, if supervisord knows it."""
    _ignoring_faults(workspace, "stopProcessGroup", name)
    _ignoring_faults(workspace, "removeProcessGroup", name)


def _ignoring_faults(workspace: str, method: str, name: str) -> None:
    try:
        call(workspace, method, name)
    except xmlrpc.client.Fault:
        pass


class _Transport(xmlrpc.client.Transport):
    def __init__(self, path: Path) -> None:
        super().__init__()
        self.path = path

    def make_connection(self, host: Any) -> http.client.HTTPConnection:
        return _Connection(self.path)


class _Connection(http.client.HTTPConnection):
    def __init__(self, path: Path) -> None:
        super().__init__("supervisor", timeout=60)
        self.path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(str(self.path))
        if _peer(self.sock) not in (None, os.geteuid()):  # None: the system does not say who listens
            raise ConnectionRefusedError("another user's process listens there")


def _peer(connection: socket.socket) -> int | None:
    """The user of the process that listens at the other end of a unix socket."""
    option = getattr(socket, "SO_PEERCRED", None)
    if option is None:
        return None
    return struct.unpack("3i", connection.getsockopt(socket.SOL_SOCKET, option, 12))[1]
