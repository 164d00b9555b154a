"""Ways into a cluster: ports of our own on 127.0.0.1, behind which kubectl forwards, and nothing else.

kubectl's own port is free for any user of the machine as soon as kubectl ends, which it does when its pod goes. So
clients are given a port that we hold until the end, and what arrives there goes on only to what kubectl listens on.
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
def forwarded(command: Sequence[str], service: str, ended: Callable[[], None]) -> Iterator[int]:
    """A port of ours that leads where `command`, a kubectl port-forward, leads.

    ended: called from another thread as soon as kubectl ends of its own accord. Raises
    StackgenError(cluster-unreachable) where the cluster refuses, StackgenError(forward-ended) after kubectl has ended.
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
    """What one kubectl forwards, and what it last said."""

    def __init__(self, process: subprocess.Popen[str], service: str) -> None:
        assert process.stdout is not None  # noqa: S101 - asked for above
        self._process, self._service, self._output = process, service, process.stdout
        self._said = "it said nothing"
        self._ended = threading.Event()
        self._port = self._first_line()

    def _first_line(self) -> int:
        """The port that kubectl listens on; it may have a warning to say before."""
        for line in self._output:
            self._said = line.strip() or self._said
            match = _FORWARDING.search(line)
            if match is not None:
                return int(match[1])
        message = f"service {self._service} can't be reached: kubectl has ended: {self._said}"
        raise StackgenError(Problem("cluster-unreachable", message), ExitCode.DEPLOYMENT)

    def watch(self, ended: Callable[[], None]) -> None:
        """Read what kubectl says, so that it never waits for a reader, until it ends."""
        threading.Thread(target=self._watch, args=(self._output, ended), daemon=True).start()

    def _watch(self, output: IO[str], ended: Callable[[], None]) -> None:
        with suppress(ValueError):  # closed at the end
            for line in output:
                self._said = line.strip() or self._said
        self._ended.set()
        ended()

    def refuse_ended(self, cause: Exception | None = None) -> None:
        """Raise StackgenError(forward-ended) where kubectl has ended; it may be about to when a client fails."""
        if not self._ended.wait(_GRACE if cause is not None else 0) and self._process.poll() is None:
            return
        message = f"kubectl has ended, which forwarded a port to service {self._service}: {self._said}"
        hint = "a pod that is replaced ends it; see `stackgen status`, and run the command again"
        raise StackgenError(Problem("forward-ended", message, hint=hint), ExitCode.DEPLOYMENT) from cause

    def connect(self) -> socket.socket | None:
        """A connection to kubectl; None where it no longer listens, and anyone else may.

        It is looked at after the connection is made: kubectl listens from its first line on and never again, so who
        listens now is who was connected to.
        """
        connection = socket.create_connection((HOST, self._port), _PATIENCE)
        if not self._listens():
            connection.close()
            return None
        connection.settimeout(None)
        return connection

    def _listens(self) -> bool:
        """Whether kubectl, or what a script in its place started, listens on its port."""
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
    """One client's connection; ends at once where kubectl is gone."""

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
    """All bytes, and then the end of them."""
    with suppress(OSError):
        while data := source.recv(_CHUNK):
            target.sendall(data)
    with suppress(OSError):
        target.shutdown(socket.SHUT_WR)
