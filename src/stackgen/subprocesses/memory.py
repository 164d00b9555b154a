"""A limit to the memory that answers of servers can take: not every client library reads in parts."""

from __future__ import annotations

import re
import resource
from contextlib import suppress
from pathlib import Path

_STATUS = Path("/proc/self/status")


def limit_memory(more: int) -> None:
    """From now on this process can take `more` bytes; beyond them there is a MemoryError.

    Without effect where the system does not say what a process has (no /proc), or has a lower limit already.
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_DATA)
    if data := _data():
        resource.setrlimit(resource.RLIMIT_DATA, (_lower(data + more, soft, hard), hard))


def causes(error: BaseException | None) -> list[BaseException]:
    """An error and what led to it: a client library may wrap what a limit on its answer says."""
    found: list[BaseException] = []
    while error is not None and error not in found:
        found.append(error)
        error = error.__cause__ or error.__context__
    return found


def _data() -> int:
    """Bytes of private memory, 0 where they are not known."""
    with suppress(OSError):
        if size := re.search(r"^VmData:\s+(\d+) kB$", _STATUS.read_text(), re.MULTILINE):
            return int(size[1]) * 1024
    return 0


def _lower(*limits: int) -> int:
    return min(limit for limit in limits if limit != resource.RLIM_INFINITY)
