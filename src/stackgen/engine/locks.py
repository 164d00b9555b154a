"""Locks that an interrupted Pulumi process left behind in a local state folder."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from pathlib import Path


def held(backend: str, project: str, stack: str) -> bool:
    """Whether an update of `stack` runs: nothing of its program may change then.

    Only `file://` backends can be asked without an engine; of others the engine says it when the update begins.
    """
    if not backend.startswith("file://"):
        return False
    stale = set(_stale(_folder(backend, project, stack)))
    return any(file not in stale for file in _folder(backend, project, stack).glob("*.json"))


def clear_stale(backend: str, project: str, stack: str) -> list[str]:
    """Remove locks of `stack` whose process on this machine is gone; a sentence for each.

    backend: PULUMI_BACKEND_URL; only `file://` backends have such locks.
    """
    if not backend.startswith("file://"):
        return []
    return [_clear(file) for file in _stale(_folder(backend, project, stack))]


def _folder(backend: str, project: str, stack: str) -> Path:
    return Path(backend.removeprefix("file://"), ".pulumi", "locks", "organization", project, stack)


def _stale(folder: Path) -> Iterator[Path]:
    for file in sorted(folder.glob("*.json")):
        try:
            content = json.loads(file.read_text())
        except (OSError, ValueError):
            continue
        if content.get("hostname") == socket.gethostname() and not _alive(int(content.get("pid", 0))):
            yield file


def _clear(file: Path) -> str:
    file.unlink(missing_ok=True)
    return "removed the lock of an update that was killed"


def _alive(pid: int) -> bool:
    """Whether the process runs; one that is dead but not collected yet does not."""
    import psutil

    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
    except psutil.AccessDenied:
        return True
