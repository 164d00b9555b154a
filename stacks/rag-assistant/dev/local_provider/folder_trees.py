"""Reads and deletes trees of folders, which a server may have created with any depth, or may change meanwhile.

The number of open descriptors and of nested calls does not grow with the depth, and no link is followed.
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
    """Delete the content of an open folder. Raises OSError if other processes fill it as quickly."""
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
    """Stop other users from creating files in a folder, even if they have it open: it would never be empty."""
    ours = os.geteuid()
    if ours == 0:
        with suppress(PermissionError):  # a file system that keeps no owners
            os.fchown(folder, 0, 0)
    elif os.fstat(folder).st_uid != ours:
        return
    os.fchmod(folder, 0o700)


def _lift(name: str, top: int) -> None:
    """Delete a folder; move folders in it that are not empty to `top`, where they are deleted later."""
    with open_folder(name, top) as folder:
        _close(folder)
        for inner in names_in(folder):
            if not _is_deleted(inner, folder):
                os.rename(inner, secrets.token_hex(16), src_dir_fd=folder, dst_dir_fd=top)
    os.rmdir(name, dir_fd=top)


def _is_deleted(name: str, folder: int) -> bool:
    """Delete a file, a link or an empty folder; return False for a folder that is not empty."""
    with suppress(FileNotFoundError):
        if stat.S_ISDIR(os.stat(name, dir_fd=folder, follow_symlinks=False).st_mode):
            with suppress(OSError):
                os.rmdir(name, dir_fd=folder)
                return True
            return False
        os.unlink(name, dir_fd=folder)
    return True


def names_in(folder: int) -> list[str]:
    """Return the names in an open folder."""
    with os.scandir(folder) as entries:
        return [entry.name for entry in entries]


def folders(top: int, ignored: frozenset[str] = frozenset()) -> Iterator[tuple[str, int]]:
    """Yield every folder of a tree, the top one first, as relative path ("" or "a/b/") and open descriptor.

    ignored: names of folders that are left out.
    Only one folder is open at a time. Raises OSError if `..` of a folder is another folder than before.
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
    """Open a folder in an open one, and close the outer one."""
    inner = os.open(name, flags, dir_fd=folder)
    os.close(folder)
    return inner


def _inner(folder: int, ignored: frozenset[str]) -> list[str]:
    """Return names of the folders in a folder, the last one first."""
    with os.scandir(folder) as entries:
        real = {entry.name for entry in entries if entry.is_dir(follow_symlinks=False)}
    return sorted(real - ignored, reverse=True)


def _identity(folder: int) -> tuple[int, int]:
    status = os.fstat(folder)
    return status.st_dev, status.st_ino


@contextmanager
def open_path(path: Path, top: int | None = None) -> Iterator[int]:
    """Open a folder part by part, from an open one or from the root; raises OSError if a part is a link."""
    way = os.open(path.anchor, _PASS) if top is None else os.dup(top)
    try:
        for part in path.parts[top is None :]:
            way = _instead(way, part, _PASS)
        with open_folder(".", way) as folder:
            yield folder
    finally:
        os.close(way)


def read_regular_file(name: str, folder: int) -> bytes | None:
    """Read a regular file in an open folder; None if there is none. Raises OSError if it is replaced meanwhile."""
    with suppress(FileNotFoundError):
        if stat.S_ISREG(os.stat(name, dir_fd=folder, follow_symlinks=False).st_mode):
            handle = os.open(name, _FILE, dir_fd=folder)
            with os.fdopen(handle, "rb") as stream:
                if not stat.S_ISREG(os.fstat(handle).st_mode):
                    raise OSError(errno.ESTALE, "a file was exchanged while it was read", name)
                return stream.read()
    return None


@contextmanager
def open_folder(name: str, folder: int) -> Iterator[int]:
    """Open a folder in an open one; raises OSError for a link."""
    handle = os.open(name, _FOLDER, dir_fd=folder)
    try:
        yield handle
    finally:
        os.close(handle)
