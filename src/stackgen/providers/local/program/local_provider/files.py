"""Locks between processes of this machine."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from local_provider.workspace_files import make_operator_folder


@contextmanager
def hold_lock(path: Path) -> Iterator[None]:
    """Hold an exclusive lock among the processes of this user; no other user can hold or delay it."""
    make_operator_folder(path.parent)
    handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    try:
        os.fchmod(handle, 0o600)
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)
