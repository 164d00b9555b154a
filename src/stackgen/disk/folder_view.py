"""Safe view of a program's folder, read without following a link or waiting for a pipe."""

from __future__ import annotations

import errno
import os
import stat
from enum import Enum
from pathlib import Path

from stackgen.checkout import MAX_FILE_BYTES, open_file


class Kind(Enum):
    """Kind of a path. OTHER: a link, a folder, a pipe, a device, or something below one of these."""

    NOTHING = "nothing"
    FILE = "file"
    OTHER = "other"


class FolderView:
    """Looks at one folder. Only regular files, reached through real folders, are ever opened."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._real = os.path.realpath(folder)
        self._folders: dict[str, Kind] = {}
        self._linked = folder.is_symlink()  # then it may be anybody's

    def kind(self, path: str) -> Kind:
        """Kind of a relative POSIX path."""
        if self._linked:
            return Kind.OTHER
        parent = path.rpartition("/")[0]
        above = self._parent(parent) if parent else Kind.FILE
        if above is not Kind.FILE:
            return above
        mode = _mode(self.folder / path)
        if not mode:
            return Kind.NOTHING
        return Kind.FILE if stat.S_ISREG(mode) else Kind.OTHER

    def read(self, path: str) -> bytes | None:
        """The bytes of a regular file; None for anything else. Raises OSError where it can't be read."""
        if self.kind(path) is not Kind.FILE:
            return None
        descriptor = open_file(os.path.join(self._real, path))  # noqa: PTH118
        with os.fdopen(descriptor, "rb") as stream:
            data = stream.read(MAX_FILE_BYTES + 1)
        if len(data) > MAX_FILE_BYTES:
            raise OSError(errno.EFBIG, os.strerror(errno.EFBIG), str(self.folder / path))
        return data

    def _parent(self, path: str) -> Kind:
        """FILE stands for a real folder here, whose contents may be looked at."""
        if path not in self._folders:
            above = path.rpartition("/")[0]
            found = self._parent(above) if above else Kind.FILE
            if found is Kind.FILE:
                mode = _mode(self.folder / path)
                found = Kind.FILE if stat.S_ISDIR(mode) else Kind.OTHER if mode else Kind.NOTHING
            self._folders[path] = found
        return self._folders[path]


def _mode(path: Path) -> int:
    try:
        return os.lstat(path).st_mode
    except (FileNotFoundError, NotADirectoryError):
        return 0
