"""The one way to read or write a file of a checkout, which may come from a stranger. Standard library only.

Git carries links. One that leads out of its checkout would have this machine's files read, and quoted in messages:
keys, or the environment of the process itself, or would have it written to. Such a link is refused, and so is whatever
is no regular file.
"""

from __future__ import annotations

import errno
import os
import stat
from contextlib import contextmanager

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from stackgen.errors import StackgenError

    Name = str | os.PathLike[str]

MAX_FILE_BYTES = 8 * 1024 * 1024  # bytes
MAX_LINKS = 40  # followed on the way to a file
_MARKS = (".git", "stackgen.toml")  # of a checkout
_KERNEL = ("/proc", "/sys")  # never part of a checkout, wherever that is
_FLAGS = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOCTTY
_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
_PASS = getattr(os, "O_PATH", os.O_RDONLY) | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_COPY = "put a copy there, or a link to a file of the checkout; a file elsewhere is used where you name it"
_KINDS = ((stat.S_ISDIR, "folder"), (stat.S_ISFIFO, "pipe"), (stat.S_ISSOCK, "socket"))


def read_file(path: Name, *, within: Name | None = None, most: int = MAX_FILE_BYTES) -> bytes:
    """The content of a regular file of at most `most` bytes.

    within: a folder of the same checkout; without it, the folder of the file counts. Raises StackgenError
    (outside-checkout, not-a-file, file-too-large), which quotes nothing of the content, and OSError.
    """
    try:
        real = require_file(path, within)
        descriptor = open_file(real)
    except OSError as error:
        raise type(error)(error.errno, error.strerror, os.fspath(path)) from None
    try:
        _require_regular(path, os.fstat(descriptor).st_mode)
        with os.fdopen(os.dup(descriptor), "rb") as stream:
            data = stream.read(most + 1)
    finally:
        os.close(descriptor)
    if len(data) > most:
        raise _error("file-too-large", f"{os.fspath(path)} is larger than {most // 1024:,} kB", None)
    return data


def read_text(path: Name, *, within: Name | None = None, most: int = MAX_FILE_BYTES) -> str:
    """The same as text. Raises StackgenError, OSError, UnicodeDecodeError."""
    return read_file(path, within=within, most=most).decode("utf-8")


def write_file(path: Name, text: str, *, within: Name | None = None) -> None:
    """Replace a file as a whole; readers see the old content or the new.

    within: a folder of the checkout that the file belongs to; without it the user has named the file, which may be
    anywhere, and may be a device. Raises StackgenError(outside-checkout) for a link that leads out, and OSError.
    """
    whole = os.path.join(os.getcwd(), os.fspath(path))  # noqa: PTH109, PTH118
    real, left = _resolve_and_leave(whole, None if within is None else find_checkout(within))
    if left is not None:
        raise _error(
            "outside-checkout", f"{os.fspath(path)} leads out of {left}, to {real}; not written", _COPY
        )
    data = text.encode()
    if os.path.lexists(real) and not stat.S_ISREG(os.lstat(real).st_mode):
        with open(real, "wb") as stream:  # noqa: PTH123
            stream.write(data)
        return
    folder, name = os.path.split(real)
    new = f".{name}.{os.getpid()}"
    with _folder(folder) as parent:
        with os.fdopen(os.open(new, _NEW, 0o666, dir_fd=parent), "wb") as stream:
            stream.write(data)
        os.replace(new, name, src_dir_fd=parent, dst_dir_fd=parent)


def open_file(real: str) -> int:
    """A descriptor of a file, for reading. Its path has no link; OSError where it gets one meanwhile."""
    folder, name = os.path.split(real)
    with _folder(folder) as parent:
        return os.open(name, _FLAGS, dir_fd=parent)


@contextmanager
def _folder(real: str) -> Iterator[int]:
    """Open a folder part by part: the owner of one could put a link in the place of another."""
    handle = os.open("/", _PASS)
    try:
        for part in filter(None, real.split("/")):
            below = os.open(part, _PASS, dir_fd=handle)
            os.close(handle)
            handle = below
        yield handle
    finally:
        os.close(handle)


def require_file(path: Name, within: Name | None = None) -> str:
    """Resolve a path to a regular file that `read_file` would read. Raises StackgenError, OSError."""
    real = require_inside(path, within)
    _require_regular(path, os.lstat(real).st_mode)
    return real


def require_inside(path: Name, within: Name | None = None, *, done: str = "read") -> str:
    """Resolve a path of the checkout that `within` is in (default: the path's folder).

    A file that a user names may be anywhere. A link that lies in a checkout may not lead out of it, and what is
    beside a spec may not lead out of the spec's checkout. done: what is done with it, for messages. Raises
    StackgenError(outside-checkout), OSError.
    """
    whole = os.path.join(os.getcwd(), os.fspath(path))  # noqa: PTH109, PTH118 - pathlib is slow to load
    own = find_checkout(os.path.dirname(whole) if within is None else within)  # noqa: PTH120
    real, left = _resolve_and_leave(whole, own)
    if left is None and any(_is_in(real, folder) for folder in _KERNEL):
        left = own
    if left is not None:
        message = f"{os.fspath(path)} leads out of the checkout {left}, to {real}; it is not {done}"
        raise _error("outside-checkout", message, _COPY)
    return real


def find_checkout(folder: Name) -> str:
    """The checkout that a folder is in: the nearest one with a repository or a stackgen.toml, else that folder."""
    real = os.path.realpath(folder)
    return _marked(real, *_MARKS) or real


def _checkout(folder: str) -> str | None:
    """The checkout that a link in a folder belongs to; None for a folder of the user's own."""
    return _marked(folder, *_MARKS) or _marked(folder, "stack.yaml")


def _marked(folder: str, *marks: str) -> str | None:
    """The nearest of a folder and those above it that has an entry of such a name, and is not shared."""
    while not any(os.path.lexists(os.path.join(folder, mark)) for mark in marks) or _is_shared(folder):  # noqa: PTH118
        above = os.path.dirname(folder)  # noqa: PTH120
        if above == folder:
            return None
        folder = above
    return folder


def _is_shared(folder: str) -> bool:
    """True if it is a place for every user's files, such as /tmp, so that a mark may be a stranger's."""
    shared = stat.S_ISVTX | stat.S_IWOTH
    return os.stat(folder).st_mode & shared == shared  # noqa: PTH116


def _resolve_and_leave(whole: str, own: str | None) -> tuple[str, str | None]:
    """Where a path leads, and the folder that it leads out of: `own`, or a checkout that one of its links lies in."""
    real, links = _follow_links(whole)
    checkouts = [found for link in links if (found := _checkout(link)) is not None]
    folders = checkouts if own is None else [*checkouts, own]
    return real, next((folder for folder in folders if not _is_in(real, folder)), None)


def _is_in(path: str, folder: str) -> bool:
    return path == folder or path.startswith(folder.rstrip("/") + "/")


def _follow_links(path: str) -> tuple[str, list[str]]:
    """Where an absolute path leads, and the real folder of each link on the way; raises OSError for a circle."""
    real, links, left = "/", list[str](), path.split("/")[::-1]
    while left:
        part = left.pop()
        if part == "..":
            real = os.path.dirname(real)  # noqa: PTH120
        if part in ("", ".", ".."):
            continue
        place = os.path.join(real, part)  # noqa: PTH118
        try:
            target = os.readlink(place)  # noqa: PTH115
        except OSError:
            real = place  # no link, or nothing at all
            continue
        _refuse_link_of_another(place, real)
        links.append(real)
        if len(links) > MAX_LINKS:
            raise OSError(errno.ELOOP, os.strerror(errno.ELOOP), path)
        if target.startswith("/"):
            real = "/"
        left += target.split("/")[::-1]
    return real, links


def _refuse_link_of_another(link: str, folder: str) -> None:
    """Where every user can make links, those of others lead nowhere: fs.protected_symlinks, see proc_sys_fs(5)."""
    known = (os.geteuid(), os.stat(folder).st_uid)  # noqa: PTH116
    if _is_shared(folder) and os.lstat(link).st_uid not in known:
        raise PermissionError(errno.EACCES, "another user made this link, where every user can", link)


def _require_regular(path: Name, mode: int) -> None:
    if not stat.S_ISREG(mode):
        what = next((word for is_so, word in _KINDS if is_so(mode)), "device")
        raise _error("not-a-file", f"{os.fspath(path)} is a {what}, and no regular file", None)


def _error(code: str, message: str, hint: str | None) -> StackgenError:
    from stackgen.errors import Problem, StackgenError

    return StackgenError(Problem(code, message, hint=hint))
