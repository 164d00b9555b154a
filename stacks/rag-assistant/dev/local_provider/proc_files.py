"""Variables, command line and name of a process, read up to a limit: a process sets the size of these itself.

By prctl(2) (PR_SET_MM) it can name terabytes of empty memory as its environment, and psutil reads all of it.
"""

from __future__ import annotations

import os
from pathlib import Path

import psutil

LONGEST = 8 * 1024 * 1024  # bytes; Linux starts no program with more than 6 MB of words and variables
PROC = Path("/proc")


def variables(process: psutil.Process) -> dict[str, str]:
    """Return the environment of a process; {} if it exceeds the limit. Raises psutil.Error or OSError."""
    if not _is_linux():
        return process.environ()
    pairs = (part.partition("=") for part in _parts(process.pid, "environ"))
    return {name: value for name, sign, value in pairs if sign}


def words(process: psutil.Process) -> list[str]:
    """Return the command line of a process; [] if it exceeds the limit. Raises psutil.Error or OSError."""
    return _parts(process.pid, "cmdline") if _is_linux() else process.cmdline()


def name(process: psutil.Process) -> str:
    """Return the name of a process: at most 15 characters on Linux. Raises psutil.Error or OSError."""
    return _read(process.pid, "comm").decode(errors="replace").strip() if _is_linux() else process.name()


def _is_linux() -> bool:
    return (PROC / "self" / "environ").exists()


def _parts(pid: int, file: str) -> list[str]:
    content = _read(pid, file)
    return [os.fsdecode(part) for part in content.rstrip(b"\0").split(b"\0")] if content else []


def _read(pid: int, file: str) -> bytes:
    try:
        with (PROC / str(pid) / file).open("rb", buffering=0) as stream:
            return _up_to_limit(stream.fileno())
    except (FileNotFoundError, ProcessLookupError):
        raise psutil.NoSuchProcess(pid) from None
    except PermissionError:
        raise psutil.AccessDenied(pid) from None


def _up_to_limit(handle: int) -> bytes:
    content = bytearray()
    while part := os.read(handle, 64 * 1024):
        content += part
        if len(content) > LONGEST:
            return b""
    return bytes(content)
