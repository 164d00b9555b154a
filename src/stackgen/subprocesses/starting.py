"""Starts a module as a process of its own and reads what it says; see `serving.py` for the other side."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from queue import SimpleQueue
from typing import IO

from stackgen.subprocesses import Line

ENDED_MESSAGE = "it was ended by the system, or by its own code"
MAX_LINE_BYTES = 64 * 1024 * 1024  # bytes of a line


@contextmanager
def run_module(
    module: str,
    request: Line,
    environment: Mapping[str, str],
    *,
    grace: float = 0,
    longest: int = MAX_LINE_BYTES,
) -> Iterator[SimpleQueue[Line]]:
    """Start a process that runs the module, and read its answer; after the last line comes one with `failed`.

    Where a line has more than `longest` bytes, one with `memory` takes its place, and nothing more is read.

    The request goes through a pipe: it may hold passwords. The process is ended in any case, with those that it has
    started. grace: seconds in which it may tidy up first. A terminal's signals are not for it.
    """
    with subprocess.Popen(
        (sys.executable, "-P", "-m", module),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env=environment,
        start_new_session=True,
    ) as process:
        try:
            found: SimpleQueue[Line] = SimpleQueue()
            threading.Thread(target=_receive, args=(process, longest, found), daemon=True).start()
            with suppress(OSError):  # where it has ended already, its output says so
                _send(process, request)
            yield found
        finally:
            _end(process, grace)


def _send(process: subprocess.Popen[bytes], request: Line) -> None:
    pipe = _pipe(process)
    pipe.write(json.dumps(request).encode() + b"\n")
    pipe.flush()


def _pipe(process: subprocess.Popen[bytes]) -> IO[bytes]:
    assert process.stdin is not None  # noqa: S101 - it was asked for
    return process.stdin


def _receive(process: subprocess.Popen[bytes], longest: int, found: SimpleQueue[Line]) -> None:
    assert process.stdout is not None  # noqa: S101 - it was asked for
    with suppress(ValueError):  # half a line, or a pipe that is closed since nothing more is waited for
        while line := process.stdout.readline(longest + 1):
            if len(line) > longest:
                found.put({"memory": True})
                return
            found.put(json.loads(line))
    found.put({"failed": ENDED_MESSAGE})


def _end(process: subprocess.Popen[bytes], grace: float) -> None:
    try:
        if grace:
            with suppress(OSError):
                _pipe(process).close()
            with suppress(subprocess.TimeoutExpired):
                process.wait(grace)
    finally:
        if process.poll() is None:
            with suppress(OSError):  # it has ended this moment
                os.killpg(process.pid, signal.SIGKILL)
        with suppress(OSError):  # what it has not read
            _pipe(process).close()
