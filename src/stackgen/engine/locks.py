"""The locks by which Pulumi keeps two updates of an environment apart, in a local state folder."""

from __future__ import annotations

import json
import os
import re
import socket
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import unquote

SETTLE_SECONDS = 2.0  # seconds after which a file that is still unfinished is no work in progress
START_TOLERANCE_SECONDS = (
    2.0  # seconds between a process's start as the system has it and as the clock had it
)
_SAID = re.compile(
    r"(?P<file>\S+?)(?:\?\S*)?: created by (?P<user>.+)@(?P<host>\S+) \(pid (?P<pid>\d+)\) at (?P<time>\S+)"
)


@dataclass(frozen=True)
class Lock:
    """Lock by which an update holds an environment.

    file: path or URL of the lock. since: None if it does not say. owner: number of the user who made the lock's file,
    None where that is not on this machine.
    """

    file: str
    host: str
    user: str
    process: int
    since: datetime | None
    owner: int | None = None

    @property
    def here(self) -> bool:
        """True if its process is, or was, one of this machine."""
        return self.host == socket.gethostname()

    @property
    def stale(self) -> bool:
        """True if its process, one of this machine, is gone, or its number belongs to a later process.

        Of another machine nothing is known. A process named `pulumi` of the user who made the lock counts as the lock's
        own, whatever its start time is: a clock that was set anew moves start times.
        """
        if not self.here:
            return False
        import psutil

        try:
            process = psutil.Process(self.process)
            if process.status() == psutil.STATUS_ZOMBIE:
                return True
            if self.owner in (0, os.geteuid()) and process.uids().real != self.owner:
                return True  # of other owners nothing follows: not every file system keeps them
            if process.name() == "pulumi" or self.since is None:
                return False
            return process.create_time() > self.since.timestamp() + START_TOLERANCE_SECONDS
        except psutil.NoSuchProcess:
            return True
        except psutil.AccessDenied:
            return False


def current_locks(backend: str, project: str, stack: str) -> list[Lock]:
    """Locks of updates of `stack` that may still run: nothing of its program may change then.

    Only `file://` backends can be asked without an engine; of others the engine says it when the update begins.
    """
    found = [lock for _, lock in _locks(backend, project, stack)]
    return [lock for lock in found if lock is not None and not lock.stale]


def clear_stale_locks(backend: str, project: str, stack: str) -> list[str]:
    """Remove what no update holds: locks of this machine's dead processes, and unfinished ones; a sentence for each.

    backend: PULUMI_BACKEND_URL; only `file://` backends have such locks.
    """
    said: list[str] = []
    for file, lock in _locks(backend, project, stack):
        if lock is None and is_settled(file):
            said.append("removed an unfinished lock, which a full disk or a crash leaves behind")
        elif lock is not None and lock.stale:
            said.append("removed the lock of an update that was killed")
        else:
            continue
        remove_with_attributes(file)
    for attributes in _folder(backend, project, stack).glob("*.attrs"):
        if not attributes.with_suffix("").exists() and is_settled(attributes):
            attributes.unlink(missing_ok=True)
    return said


def parse_locks(text: str) -> list[Lock]:
    """The locks that Pulumi's own message names, of any backend."""
    found = [
        Lock(match["file"], match["host"], match["user"], int(match["pid"]), _time(match["time"]))
        for match in _SAID.finditer(text)
    ]
    return list(dict.fromkeys(found))


def is_settled(file: Path) -> bool:
    """True if an unfinished file stays as it is: a process may be writing it. Waits for it, two seconds at most."""
    while True:
        try:
            age = abs(time.time() - file.stat().st_mtime)
        except FileNotFoundError:
            return False
        if age >= SETTLE_SECONDS:
            return True
        time.sleep(0.1)


def remove_with_attributes(file: Path) -> None:
    """Remove a file of the state folder with the one of its attributes."""
    file.unlink(missing_ok=True)
    file.with_name(f"{file.name}.attrs").unlink(missing_ok=True)


def _folder(backend: str, project: str, stack: str) -> Path:
    return state_folder(backend) / "locks" / "organization" / project / stack


def state_folder(backend: str) -> Path:
    """Pulumi's folder in a `file://` backend."""
    return Path(unquote(backend.removeprefix("file://").partition("?")[0]), ".pulumi")


def _locks(backend: str, project: str, stack: str) -> Iterator[tuple[Path, Lock | None]]:
    """Every file that counts as a lock; None for one that is not whole: Pulumi puts locks in place whole."""
    if not backend.startswith("file://"):
        return
    for file in sorted(_folder(backend, project, stack).glob("*")):
        if file.suffix in (".json", ".tmp") and file.is_file():
            yield file, _read(file) if file.suffix == ".json" else None


def _read(file: Path) -> Lock | None:
    try:
        content: Any = json.loads(file.read_text(encoding="utf-8"))
        host, user, process = str(content["hostname"]), str(content.get("username", "")), int(content["pid"])
        return Lock(
            str(file), host, user, process, _time(str(content.get("timestamp", ""))), file.stat().st_uid
        )
    except (OSError, ValueError, TypeError, KeyError, AttributeError):
        return None


def _time(text: str) -> datetime | None:
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return None
    return found.astimezone()
