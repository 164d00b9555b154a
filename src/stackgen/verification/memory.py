"""A limit to the memory that answers of servers can take: not every client library reads in parts."""

from __future__ import annotations

import re
import resource
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

MORE = 2 * 1024**3
"""Bytes beyond what the process has when a limit begins."""
FULL = "an answer takes more memory than verification may; the rest was not read"
_STATUS = Path("/proc/self/status")


@contextmanager
def limited_memory() -> Iterator[None]:
    """While this lasts, the process can take MORE bytes; beyond them there is a MemoryError.

    Without effect where the system does not say what a process has (no /proc), or has a lower limit already.
    """
    before = resource.getrlimit(resource.RLIMIT_DATA)
    data = _data()
    _set(_lower(data + MORE if data else resource.RLIM_INFINITY, *before), before[1])
    try:
        yield
    finally:
        _set(*before)


def _data() -> int:
    """Bytes of private memory, 0 where they are not known."""
    with suppress(OSError):
        if size := re.search(r"^VmData:\s+(\d+) kB$", _STATUS.read_text(), re.MULTILINE):
            return int(size[1]) * 1024
    return 0


def _lower(*limits: int) -> int:
    return min((limit for limit in limits if limit != resource.RLIM_INFINITY), default=resource.RLIM_INFINITY)


def _set(soft: int, hard: int) -> None:
    resource.setrlimit(resource.RLIMIT_DATA, (soft, hard))
