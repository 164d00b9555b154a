"""Signs that work goes on: `calling.py` ends a process that gives none for long.

A sign is given only for what is done: a request that is sent or a block of it, a megabyte that was received. A
server that sends a byte now and then makes none. In a process that no one has started for this, nothing happens.
"""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from stackgen.subprocesses import Tell

SIGN_BYTES = 1024 * 1024  # bytes received that are a sign
SIGN_INTERVAL_SECONDS = 1.0  # seconds between two signs that are passed on


class _Pulse:
    """tell: where signs go. usual: seconds that may pass without one. last: when one was passed on."""

    tell: Tell | None = None
    usual: float = 0.0
    last: float = 0.0


def start_heartbeat(tell: Tell, usual: float) -> None:
    """Give signs from now on, also for every request that an HTTP client of http.client sends."""
    _Pulse.tell, _Pulse.usual = tell, usual
    sys.addaudithook(_audit)


def beat() -> None:
    """Report that something was done, at most once a second."""
    now = time.monotonic()
    if _Pulse.tell is not None and now - _Pulse.last >= SIGN_INTERVAL_SECONDS:
        _Pulse.last = now
        _Pulse.tell({"alive": True})


@contextmanager
def patience(seconds: float | None = None) -> Iterator[None]:
    """Allow so many seconds without a sign while the context lasts; None: any time.

    For what says nothing while it works, such as a database that makes an index. Not to be nested.
    """
    if _Pulse.tell is None:
        yield
        return
    _Pulse.tell({"within": seconds})
    try:
        yield
    finally:
        _Pulse.tell({"within": _Pulse.usual})


@contextmanager
def growing(folder: str) -> Iterator[None]:
    """Count each megabyte added to the folder as a sign: for clients that write a file and report nothing."""
    if _Pulse.tell is None:
        yield
        return
    ended = threading.Event()
    watch = threading.Thread(target=_watch, args=(Path(folder), ended), daemon=True)
    watch.start()
    try:
        yield
    finally:
        ended.set()
        watch.join()


def _watch(folder: Path, ended: threading.Event) -> None:
    known = 0
    while not ended.wait(SIGN_INTERVAL_SECONDS):
        size = _size(folder)
        if size >= known + SIGN_BYTES:
            known = size
            beat()


def _size(folder: Path) -> int:
    try:
        return sum(path.stat().st_size for path in folder.rglob("*"))
    except OSError:  # a file was renamed meanwhile
        return 0


def _audit(event: str, _: tuple[Any, ...]) -> None:
    if event == "http.client.send":
        beat()
