"""Forwards ports of this process on 127.0.0.1 to services of a cluster, through kubectl.

Any user of the machine can take kubectl's own port as soon as kubectl ends, which it does when its pod is deleted. So
clients connect to a port that this process holds, and their data goes on to kubectl's port only while kubectl listens.
"""

from __future__ import annotations

import re
import socket
import socketserver
import subprocess
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import IO, cast

from stackgen.errors import ExitCode, Problem, StackgenError

HOST = "127.0.0.1"
_FORWARDING = re.compile(rf"Forwarding from {re.escape(HOST)}:(\d+)")
_PATIENCE = 15  # seconds for kubectl to connect, and to end
_GRACE = 1  # seconds between the end of a connection and that of kubectl
_ROUND = 0.1  # seconds until a server sees that it is to stop
_CHUNK = 64 * 1024  # bytes


@contextmanager
def forward_port(command: Sequence[str], service: str, ended: Callable[[], None]) -> Iterator[int]:
    """Yield a port of this process that leads to the target of `command`, a kubectl port-forward.

    ended: called from another thread as soon as kubectl ends by itself. Raises
    StackgenError(cluster-unreachable) if the cluster refuses, StackgenError(forward-ended) after kubectl has ended.
    """
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace"
    )
    closing = threading.Event()
    try:
        way = _Way(process, service)
        with _Server(way) as server:
            way.watch(lambda: None if closing.is_set() else ended())
            threading.Thread(target=server.serve_forever, args=(_ROUND,), daemon=True).start()
            try:
                yield int(server.server_address[1])
            except Exception as error:
                way.refuse_ended(error)
                raise
            finally:
                server.shutdown()
            way.refuse_ended()
    finally:
        closing.set()
        process.terminate()
        try:
            process.wait(_PATIENCE)
        except subprocess.TimeoutExpired:
            process.kill()


class _Way:
    """The port that one kubectl forwards, and its last message."""

    def __init__(self, process: subprocess.Popen[str], service: str) -> None:
        assert process.stdout is not None  # noqa: S101 - asked for above
        self._process, self._service, self._output = process, service, process.stdout
        self._said = "it printed nothing"
        self._ended = threading.Event()
        self._port = self._first_line()

    def _first_line(self) -> int:
        """Return the port that kubectl listens on; it may print a warning before."""
        for line in self._output:
            self._said = line.strip() or self._said
            match = _FORWARDING.search(line)
            if match is not None:
                return int(match[1])
        message = f"service {self._service} can't be reached: kubectl has ended: {self._said}"
        raise StackgenError(Problem("cluster-unreachable", message), ExitCode.DEPLOYMENT)

    def watch(self, ended: Callable[[], None]) -> None:
        """Read kubectl's output until it ends, so that it never waits for a reader."""
        threading.Thread(target=self._watch, args=(self._output, ended), daemon=True).start()

    def _watch(self, output: IO[str], ended: Callable[[], None]) -> None:
        with suppress(ValueError):  # closed at the end
            for line in output:
                self._said = line.strip() or self._said
        self._ended.set()
        ended()

    def refuse_ended(self, cause: Exception | None = None) -> None:
        """Raise StackgenError(forward-ended) if kubectl has ended. When a client fails, kubectl may be about to end."""
        if not self._ended.wait(_GRACE if cause is not None else 0) and self._process.poll() is None:
            return
        message = f"kubectl has ended, which forwarded a port to service {self._service}: {self._said}"
        hint = "a pod that is replaced ends it; see `stackgen status`, and run the command again"
        raise StackgenError(Problem("forward-ended", message, hint=hint), ExitCode.DEPLOYMENT) from cause

    def connect(self) -> socket.socket | None:
        """Connect to kubectl; return None if it no longer listens, so that another process may have its port.

        This is checked after the connection is open: kubectl never listens again after it has stopped, so if it listens
        now, the connection leads to it.
        """
        connection = socket.create_connection((HOST, self._port), _PATIENCE)
        if not self._listens():
            connection.close()
            return None
        connection.settimeout(None)
        return connection

    def _listens(self) -> bool:
        """Return True if kubectl, or a child process of a script in its place, listens on its port."""
        import psutil

        if self._process.poll() is not None:
            return False
        with suppress(psutil.Error):
            process = psutil.Process(self._process.pid)
            for one in (process, *process.children(recursive=True)):
                for found in one.net_connections("tcp"):
                    if found.status == psutil.CONN_LISTEN and tuple(found.laddr) == (HOST, self._port):
                        return True
        return False


class _Server(socketserver.ThreadingTCPServer):
    """Listens for clients of this machine."""

    daemon_threads = True
    block_on_close = False
    request_queue_size = 128

    def __init__(self, way: _Way) -> None:
        self.way = way
        super().__init__((HOST, 0), _Relay)


class _Relay(socketserver.BaseRequestHandler):
    """One client's connection; it ends at once if kubectl has ended."""

    def handle(self) -> None:
        client: socket.socket = self.request
        with suppress(OSError):
            connection = cast("_Server", self.server).way.connect()
            if connection is not None:
                with connection:
                    back = threading.Thread(target=_copy, args=(connection, client), daemon=True)
                    back.start()
                    _copy(client, connection)
                    back.join()


def _copy(source: socket.socket, target: socket.socket) -> None:
    """Copy all bytes, and then signal the end."""
    with suppress(OSError):
        while data := source.recv(_CHUNK):
            target.sendall(data)
    with suppress(OSError):
        target.shutdown(socket.SHUT_WR)
