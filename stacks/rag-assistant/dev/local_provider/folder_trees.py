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

_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC | os.O_NOFOLLOW


def delete_below(top: int) -> None:
    """Delete all that is in an open folder."""
    while left := names_in(top):
        for name in left:
            if not _is_deleted(name, top):
                _lift(name, top)


def _lift(name: str, top: int) -> None:
    """Delete a folder; folders in it that are not empty go up to `top`, where it is their turn later."""
    with opened(name, top) as folder:
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


def folders(top: int) -> Iterator[tuple[str, int]]:
    """Every folder of a tree, the top one first, with its relative path ("" or "a/b/"), open while it is its turn.

    One is open at a time, whatever the depth: the way back is `..`, and OSError if that is another folder by now.
    """
    current = os.dup(top)
    try:
        yield "", current
        above = [(_identity(current), _inner(current))]
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
            above.append((_identity(current), _inner(current)))
    finally:
        os.close(current)


def _instead(folder: int, name: str) -> int:
    """A folder in an open one, which is closed if that can be opened."""
    inner = os.open(name, _FOLDER, dir_fd=folder)
    os.close(folder)
    return inner


def _inner(folder: int) -> list[str]:
    """Folders in a folder, the last first."""
    with os.scandir(folder) as entries:
        return sorted((e.name for e in entries if e.is_dir(follow_symlinks=False)), reverse=True)


def _identity(folder: int) -> tuple[int, int]:
    status = os.fstat(folder)
    return status.st_dev, status.st_ino


@contextmanager
def opened(name: str, folder: int) -> Iterator[int]:
    """A descriptor of a folder in an open one; OSError for a link."""
    handle = os.open(name, _FOLDER, dir_fd=folder)
    try:
        yield handle
    finally:
        os.close(handle)
