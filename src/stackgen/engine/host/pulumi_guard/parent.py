"""Ends this process, and what it has started, when the process that started it is gone."""

from __future__ import annotations

import ctypes
import os
import signal
import sys
import threading
import time
from pathlib import Path
from typing import NoReturn

PR_SET_PDEATHSIG = 1
INTERVAL = 0.25  # seconds between two looks at who the parent is
GRACE = 1.0  # seconds for what this process has started to end by itself


def watch_parent() -> None:
    """Watch the parent from now on; to be called by the main thread, before anything else."""
    expected = int(os.environ.pop("STACKGEN_PARENT", "") or os.getppid())

    def check(*_: object) -> None:
        if os.getppid() != expected:
            end_process()

    # The signal only wakes up: the kernel sends it also when a thread of the parent ends that started this process.
    signal.signal(signal.SIGUSR2, check)
    if sys.platform.startswith("linux"):
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, int(signal.SIGUSR2))
    check()

    def poll() -> None:
        while True:
            time.sleep(INTERVAL)
            check()

    threading.Thread(target=poll, name="parent", daemon=True).start()


def end_process(code: int = 1) -> NoReturn:
    """End this process at once, whatever its threads wait for, and the group that it leads."""
    if os.getpgrp() == os.getpid():
        _signal(_group(), signal.SIGTERM)
        deadline = time.monotonic() + GRACE
        while _group() and time.monotonic() < deadline:
            time.sleep(0.02)
        _signal(_group(), signal.SIGKILL)
    os._exit(code)


def _signal(processes: list[int], number: signal.Signals) -> None:
    for process in processes:
        try:
            os.kill(process, number)
        except ProcessLookupError:
            continue


def _group() -> list[int]:
    """The other processes of this one's group that still run."""
    found: list[int] = []
    for file in Path("/proc").glob("[0-9]*/stat"):
        try:
            state, _, group = (
                file.read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()[:3]
            )
        except (OSError, ValueError):
            continue
        process = int(file.parent.name)
        if int(group) == os.getpid() and process != os.getpid() and state not in "ZX":
            found.append(process)
    return found
