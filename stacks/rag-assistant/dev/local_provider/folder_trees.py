"""Trees of folders below an open one, which a server may have made as deep as it likes, or change meanwhile.

Neither descriptors nor calls upon calls grow with the depth, and no link is followed.
"""

from __future__ import annotations

import errno
import os
import secrets
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC | os.O_NOFOLLOW
_PASS = (
    getattr(os, "O_PATH", os.O_RDONLY) | os.O_DIRECTORY | os.O_CLOEXEC | os.O_NOFOLLOW
)  # needs no right to read
_FILE = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
ROUNDS = 2_000_000  # of deleting a tree: as many as it is deep, unless it grows meanwhile


def delete_below(top: int) -> None:
    """Delete all that is in an open folder. Raises OSError where others fill it as quickly."""
    _close(top)
    for _ in range(ROUNDS):
        left = names_in(top)
        if not left:
            return
        for name in left:
            if not _is_deleted(name, top):
                _lift(name, top)
    raise OSError(errno.ENOTEMPTY, "a process fills this folder while it is deleted")


def _close(folder: int) -> None:
    """Let no one else make names in a folder, not even one who has it open: it would never be empty."""
    ours = os.geteuid()
    if ours == 0:
        with suppress(PermissionError):  # a file system that keeps no owners
            os.fchown(folder, 0, 0)
    elif os.fstat(folder).st_uid != ours:
        return
    os.fchmod(folder, 0o700)


def _lift(name: str, top: int) -> None:
    """Delete a folder; folders in it that are not empty go up to `top`, where it is their turn later."""
    with opened(name, top) as folder:
        _close(folder)
        for inner in names_in(folder):
            if not _is_deleted(inner, folder):
                os.rename(inner, secrets.token_hex(16), src_dir_fd=folder, dst_dir_fd=top)
    os.rmdir(name, dir_fd=top)


def _is_deleted(name: str, folder: int) -> bool:
    """Delete a file, a link or an empty folder; whether it is gone."""
    with suppress(FileNotFoundError):
        if stat.S_ISDIR(os.stat(name, dir_fd=folder, follow_symlinks=False).st_mode):
            with suppress(OSError):
                os.rmdir(name, dir_fd=folder)
                return True
            return False
        os.unlink(name, dir_fd=folder)
    return True


def names_in(folder: int) -> list[str]:
    """Names in an open folder."""
    with os.scandir(folder) as entries:
        return [entry.name for entry in entries]


def folders(top: int, ignored: frozenset[str] = frozenset()) -> Iterator[tuple[str, int]]:
    """Every folder of a tree, the top one first, with its relative path ("" or "a/b/"), open while it is its turn.

    ignored: names of folders that are left out.
    One is open at a time, whatever the depth: the way back is `..`, and OSError if that is another folder by now.
    """
    current = os.dup(top)
    try:
        yield "", current
        above = [(_identity(current), _inner(current, ignored))]
        path: list[str] = []
        while above:
            if not above[-1][1]:
                above.pop()
                if above:
                    path.pop()
                    current = _instead(current, "..")
                    if _identity(current) != above[-1][0]:
                        raise OSError(errno.ESTALE, "a folder was moved while it was read")
                continue
            name = above[-1][1].pop()
            try:
                current = _instead(current, name)
            except OSError:  # gone, or a link by now
                continue
            path.append(name)
            yield "".join(f"{part}/" for part in path), current
            above.append((_identity(current), _inner(current, ignored)))
    finally:
        os.close(current)


def _instead(folder: int, name: str, flags: int = _FOLDER) -> int:
    """A folder in an open one, which is closed if that can be opened."""
    inner = os.open(name, flags, dir_fd=folder)
    os.close(folder)
    return inner


def _inner(folder: int, ignored: frozenset[str]) -> list[str]:
    """Folders in a folder, the last first."""
    with os.scandir(folder) as entries:
        real = {entry.name for entry in entries if entry.is_dir(follow_symlinks=False)}
    return sorted(real - ignored, reverse=True)


def _identity(folder: int) -> tuple[int, int]:
    status = os.fstat(folder)
    return status.st_dev, status.st_ino


@contextmanager
def reached(path: Path, top: int | None = None) -> Iterator[int]:
    """A descriptor of a folder, part by part from an open one or from the root; OSError for a link among the parts."""
    way = os.open(path.anchor, _PASS) if top is None else os.dup(top)
    try:
        for part in path.parts[top is None :]:
            way = _instead(way, part, _PASS)
        with opened(".", way) as folder:
            yield folder
    finally:
        os.close(way)


def content(name: str, folder: int) -> bytes | None:
    """Of a regular file in an open folder; None for anything else, or nothing. OSError where it is exchanged."""
    with suppress(FileNotFoundError):
        if stat.S_ISREG(os.stat(name, dir_fd=folder, follow_symlinks=False).st_mode):
            handle = os.open(name, _FILE, dir_fd=folder)
            with os.fdopen(handle, "rb") as stream:
                if not stat.S_ISREG(os.fstat(handle).st_mode):
                    raise OSError(errno.ESTALE, "a file was exchanged while it was read", name)
                return stream.read()
    return None


@contextmanager
def opened(name: str, folder: int) -> Iterator[int]:
    """A descriptor of a folder in an open one; OSError for a link."""
    handle = os.open(name, _FOLDER, dir_fd=folder)
    try:
        yield handle
    finally:
        os.close(handle)
