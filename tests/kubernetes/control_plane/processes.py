"""The cluster's processes: started detached with a log and a pid file, waited for, stopped."""

from __future__ import annotations

import ctypes
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

_LIBC = ctypes.CDLL(None)
_PR_SET_PDEATHSIG = 1
PATIENCE = 180.0
"""Seconds for any part to become ready, on a machine that is busy with other things."""


class CannotStart(Exception):
    """A part of the cluster doesn't come up; the message has the end of its log."""


def free_ports(count: int) -> list[int]:
    """Ports of the loopback interface that nothing uses at the moment."""
    sockets = [socket.socket() for _ in range(count)]
    for one in sockets:
        one.bind(("127.0.0.1", 0))
    ports = [one.getsockname()[1] for one in sockets]
    for one in sockets:
        one.close()
    return ports


@dataclass
class Processes:
    """What runs for one cluster, in start order; `folder` holds logs and pid files.

    lasting: goes on when we end; otherwise it ends with us, even if we are killed (on Linux).
    """

    folder: Path
    lasting: bool = False
    running: list[tuple[str, subprocess.Popen[bytes]]] = field(
        default_factory=list[tuple[str, subprocess.Popen[bytes]]]
    )

    def start(self, name: str, command: Sequence[str]) -> None:
        with (self.folder / f"{name}.log").open("ab") as log:
            process = subprocess.Popen(
                command,
                cwd=self.folder,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                preexec_fn=None if self.lasting else _end_with_parent,  # noqa: PLW1509 - it only calls prctl
            )
        (self.folder / f"{name}.pid").write_text(str(process.pid), encoding="utf-8")
        self.running.append((name, process))

    def wait(self, what: str, ready: Callable[[], object]) -> None:
        """Until `ready` returns something true; what it raises counts as not yet. Raises CannotStart."""
        end, last = time.monotonic() + PATIENCE, "it says no"
        while time.monotonic() < end:
            try:
                if ready():
                    return
            except Exception as error:
                last = str(error)
            for name, process in self.running:
                if process.poll() is not None:
                    raise CannotStart(f"{name} ended with {process.returncode}:\n{self._end_of(name)}")
            time.sleep(0.05)
        raise CannotStart(f"{what} is not ready after {PATIENCE:.0f} s: {last}")

    def _end_of(self, name: str) -> str:
        return (self.folder / f"{name}.log").read_text(encoding="utf-8", errors="replace")[-1500:]

    def stop(self) -> None:
        """In reverse order; the ones that linger are killed."""
        for name, process in reversed(self.running):
            process.terminate()
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
            (self.folder / f"{name}.pid").unlink(missing_ok=True)
        self.running.clear()


def _end_with_parent() -> None:
    """https://man7.org/linux/man-pages/man2/pr_set_pdeathsig.2const.html"""
    if sys.platform == "linux":
        _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


def stop_by_pid_files(folder: Path) -> None:
    """Stop the cluster that another process started in `folder`."""
    for file in sorted(folder.glob("*.pid"), key=lambda one: one.stat().st_mtime, reverse=True):
        pid = int(file.read_text(encoding="utf-8"))
        if _is_ours(pid, folder):
            os.kill(pid, signal.SIGTERM)
            end = time.monotonic() + 10
            while _is_ours(pid, folder) and time.monotonic() < end:
                time.sleep(0.05)
            if _is_ours(pid, folder):
                os.kill(pid, signal.SIGKILL)
        file.unlink()


def _is_ours(pid: int, folder: Path) -> bool:
    """Whether the process runs, and runs there: the number may be another's by now."""
    import psutil

    try:
        process = psutil.Process(pid)
        return process.status() != psutil.STATUS_ZOMBIE and process.cwd() == str(folder.resolve())
    except psutil.Error:
        return False
