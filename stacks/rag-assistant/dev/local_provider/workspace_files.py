"""Files and folders that servers can write to, used without following what a server may have planted there.

Where stackgen runs as root, servers run as other accounts. In a folder that such an account can write to, any name
may be a link, a pipe or a foreign file by the time it is opened. So every folder is opened from the one above it,
links are followed only where root alone can place one, and owner and mode are set on what is open, never by
path. This is the only module that creates, changes or deletes files as root (a test of the house says so).
"""

from __future__ import annotations

import errno
import os
import secrets
import stat
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from local_provider.account import Account, is_servers_account
from local_provider.failure import LocalFailure
from local_provider.folder_trees import delete_below, folders, names_in, open_folder

_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC
_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
_READ = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
ATTEMPTS = 100  # to take a name before another user does
LARGEST = 64 * 1024 * 1024  # bytes read of a file that a server can write to
TAIL = 64 * 1024  # of a log, shown in messages


def make_folder(path: Path, account: Account | None, mode: int = 0o700) -> Path:
    """A folder of the account's; parents that are missing belong to us, and the account may pass."""
    return _make(path, mode, _ours() if account is None else (account.uid, account.gid))


def make_operator_folder(path: Path, *, closed: bool = False) -> Path:
    """A folder that only we can write to; servers' accounts may pass through, unless it is `closed`."""
    return _make(path, 0o700 if closed else _passable(), _ours())


def write(path: Path, content: str | bytes, mode: int, account: Account | None) -> None:
    """Replace `path` in one step: readers see the old content or the new, never half of it.

    The file is the account's; ours where that is None.
    """
    with _folder(path.parent) as parent:
        temporary = f".{path.name}.{secrets.token_hex(6)}"
        handle = os.open(temporary, _NEW, 0o600, dir_fd=parent)
        try:
            with os.fdopen(handle, "wb") as stream:
                stream.write(content.encode() if isinstance(content, str) else content)
                _give(handle, account)
                os.fchmod(handle, mode)
            os.rename(temporary, path.name, src_dir_fd=parent, dst_dir_fd=parent)
        except BaseException:
            with suppress(FileNotFoundError):
                os.unlink(temporary, dir_fd=parent)
            raise


@contextmanager
def new_file(path: Path, mode: int = 0o600) -> Iterator[BinaryIO]:
    """An empty file of ours at `path`, open for writing; one of that name is replaced."""
    remove_file(path)
    with _folder(path.parent) as parent:
        handle = os.open(path.name, _NEW, 0o600, dir_fd=parent)
    with os.fdopen(handle, "wb") as stream:
        os.fchmod(handle, mode)
        yield stream


@contextmanager
def open_file(path: Path, account: Account | None = None) -> Iterator[BinaryIO]:
    """A regular file of the account's or ours, open for reading; OSError for a link, a pipe, a foreign file."""
    with _folder(path.parent) as parent:
        owners = _owners(parent, account)
        handle = os.open(path.name, _READ, dir_fd=parent)
    with os.fdopen(handle, "rb") as stream:
        status = os.fstat(handle)
        if not stat.S_ISREG(status.st_mode) or status.st_uid not in owners:
            raise OSError(errno.EPERM, "not a regular file of the server's account", str(path))
        yield stream


def read(path: Path, account: Account | None = None) -> bytes:
    """Return the content of a file, see `open_file`; raises OSError for a file above LARGEST bytes too."""
    with open_file(path, account) as stream:
        content = stream.read(LARGEST + 1)
    if len(content) > LARGEST:
        raise OSError(errno.EFBIG, os.strerror(errno.EFBIG), str(path))
    return content


def tail(path: Path, lines: int, masked: Callable[[str], str] = str) -> list[str]:
    """The last lines of a text file; [] if there is none that can be read safely.

    masked: takes secrets out of a text. It gets more than is kept, since a cut through a secret would hide it from
    `masked` and show the rest of it.
    """
    try:
        with open_file(path) as stream:
            stream.seek(max(0, os.fstat(stream.fileno()).st_size - 2 * TAIL))
            text = stream.read(1024 * 1024).decode(errors="replace")
    except OSError:
        return []
    return list(deque(masked(text)[-TAIL:].splitlines(), maxlen=lines))


def list_folder(path: Path) -> list[str]:
    """Return the names in a folder, sorted; [] if there is no such folder."""
    try:
        with _folder(path) as folder:
            return sorted(entry.name for entry in os.scandir(folder))
    except FileNotFoundError:
        return []


def is_folder(path: Path) -> bool:
    """Return True if there is a folder at `path`, and not a planted link."""
    try:
        with _folder(path):
            return True
    except OSError:
        return False


def remove_file(path: Path) -> None:
    """Delete a file or a link, never its target, if it exists."""
    with suppress(FileNotFoundError), _folder(path.parent) as parent:
        os.unlink(path.name, dir_fd=parent)


def remove_tree(path: Path) -> None:
    """Delete a folder and what is in it; a link in it or in its place goes, its target stays."""
    with suppress(FileNotFoundError), _folder(path.parent) as parent:
        status = os.stat(path.name, dir_fd=parent, follow_symlinks=False)
        if not stat.S_ISDIR(status.st_mode):
            os.unlink(path.name, dir_fd=parent)
            return
        with open_folder(path.name, parent) as top:
            delete_below(top)
        os.rmdir(path.name, dir_fd=parent)


def give_tree(path: Path, account: Account | None) -> None:
    """Make a folder the account's, with all that is in it; nothing happens if it is.

    It comes from us and is empty, or from another account of servers: the files and folders that this one owned in it
    are given. Raises LocalFailure for a folder of another user.
    """
    if account is None:
        return
    with _folder(path) as top:
        holder = os.fstat(top).st_uid
        if holder == account.uid:
            return
        if not (is_servers_account(holder) or (holder == os.geteuid() and _is_empty(top))):
            raise _foreign(path, holder, account.uid)
        for _, folder in folders(top):
            for name in names_in(folder):
                _give_one(name, folder, holder, account)
        _give(top, account)  # last: an update that is killed begins again
        os.fchmod(top, 0o700)


def _give_one(name: str, folder: int, holder: int, account: Account) -> None:
    """Give what is open, if it is a file or a folder of the holder's: the name may mean something else by now."""
    with suppress(OSError):  # a link or a socket
        handle = os.open(name, _READ, dir_fd=folder)
        try:
            status = os.fstat(handle)
            if status.st_uid == holder and (stat.S_ISREG(status.st_mode) or stat.S_ISDIR(status.st_mode)):
                _give(handle, account)
        finally:
            os.close(handle)


def take_name(path: Path, account: Account | None) -> None:
    """Put an empty file of the account at `path`, for a socket, in place of any file, link or folder there.

    The folder is one that any user can write to, where the account could remove no file of another user. Raises
    LocalFailure if we can't either.
    """
    for _ in range(ATTEMPTS):
        free_name(path)
        with suppress(FileExistsError), _folder(path.parent) as parent:
            handle = os.open(path.name, _NEW, 0o600, dir_fd=parent)
            try:
                _give(handle, account)
            finally:
                os.close(handle)
            return
    raise LocalFailure(
        f"another user makes {path} each time it is removed; end that process and run it again"
    )


def free_name(path: Path) -> None:
    """Delete the file or folder at `path`; raises LocalFailure if it is another user's and this user is not root."""
    try:
        remove_tree(path)
    except PermissionError:
        raise LocalFailure(
            f"{path} belongs to another user, and a server of this environment makes its socket there; "
            f"have root or that user remove it"
        ) from None


def discard_planted(path: Path) -> None:
    """Delete what stands at `path` unless it is a regular file that can be read safely: a server opens it next."""
    try:
        with open_file(path):
            return
    except FileNotFoundError:
        return
    except OSError:
        remove_tree(path)


def files_below(path: Path) -> list[str]:
    """Relative paths of what is below a folder and is no folder, links among them; [] if there is no such folder."""
    below: list[str] = []
    with suppress(FileNotFoundError), _folder(path) as top:
        for root, folder in folders(top):
            with os.scandir(folder) as entries:
                below += sorted(f"{root}{e.name}" for e in entries if not e.is_dir(follow_symlinks=False))
    return below


@contextmanager
def _folder(path: Path) -> Iterator[int]:
    """A descriptor of a folder, reached part by part."""
    path = path.absolute()
    handle = os.open(path.anchor, _FOLDER)
    try:
        for part in path.parts[1:]:
            below = _step(handle, part, path)
            os.close(handle)
            handle = below
        yield handle
    finally:
        os.close(handle)


def _step(above: int, name: str, whole: Path) -> int:
    try:
        return os.open(name, _FOLDER | (0 if _only_ours(above) else os.O_NOFOLLOW), dir_fd=above)
    except OSError as error:
        raise OSError(error.errno, error.strerror, str(whole)) from None


def _only_ours(folder: int) -> bool:
    """Whether only we, or root, can place names in a folder; without root's rights there is no boundary to guard."""
    if os.geteuid() != 0:
        return True
    status = os.fstat(folder)
    return status.st_uid == 0 and not _open_to_others(status)


def _owners(folder: int, account: Account | None) -> set[int]:
    """Whose files we read in a folder."""
    owners = set() if account is None else {account.uid}
    return owners | ({os.geteuid()} if _only_ours(folder) else set())


def _ours() -> tuple[int, int]:
    return os.geteuid(), os.getegid()


def _passable() -> int:
    return 0o711 if os.geteuid() == 0 else 0o700


def _make(path: Path, mode: int, owner: tuple[int, int]) -> Path:
    for parent in reversed(path.absolute().parents):
        if parent.exists():
            _refuse_planted(parent)
        else:
            _make_one(parent, _passable(), _ours())
    _make_one(path.absolute(), mode, owner)
    return path


def _refuse_planted(folder: Path) -> None:
    """Raises LocalFailure for a folder that another user made where others can: its content could be replaced.

    Other folders of other users were named by whoever runs stackgen.
    """
    holder = folder.lstat().st_uid
    if holder not in (0, os.geteuid()) and _open_to_others(folder.parent.stat()):
        raise _foreign(folder, holder, os.geteuid())


def _open_to_others(status: os.stat_result) -> bool:
    """Whether every user, or the members of a group that is not root's, can make files in a folder."""
    return bool(status.st_mode & (0o022 if status.st_gid else 0o002))


def _make_one(path: Path, mode: int, owner: tuple[int, int]) -> None:
    with _folder(path.parent) as parent:
        try:
            os.mkdir(path.name, 0o700, dir_fd=parent)
            made = True
        except FileExistsError:
            made = False
        handle = _opened(path, parent)
    try:
        former = os.fstat(handle).st_uid
        if made or _may_take(handle, path, owner[0]):
            if os.geteuid() == 0:
                os.fchown(handle, *owner)
            os.fchmod(handle, mode)
            if former != owner[0] == os.geteuid():  # from now on its links would be followed
                _take_content(handle)
    finally:
        os.close(handle)


def _take_content(folder: int) -> None:
    """In a folder that is ours now: take its files, delete the links, hard links and pipes that an account left."""
    for name in names_in(folder):
        status = os.stat(name, dir_fd=folder, follow_symlinks=False)
        if stat.S_ISREG(status.st_mode) and status.st_nlink == 1:
            os.chown(name, *_ours(), dir_fd=folder, follow_symlinks=False)
        elif not stat.S_ISDIR(status.st_mode):
            os.unlink(name, dir_fd=folder)


def _opened(path: Path, parent: int) -> int:
    try:
        return os.open(path.name, _FOLDER | os.O_NOFOLLOW, dir_fd=parent)
    except OSError as error:
        if error.errno in (errno.ELOOP, errno.ENOTDIR):
            raise LocalFailure(f"{path} is a link or a file where a folder belongs; remove it") from None
        raise


def _may_take(handle: int, path: Path, owner: int) -> bool:
    """Whether an existing folder gets this owner and the mode that goes with it.

    A folder of ours keeps its mode, since the user may have chosen it. Raises LocalFailure for one of another user.
    """
    holder, ours = os.fstat(handle).st_uid, os.geteuid()
    if holder == owner == ours:
        return False
    if ours != 0:
        if holder != 0:
            raise _foreign(path, holder, owner)
        return False
    if holder == owner or is_servers_account(holder):  # an earlier version gave all to one account
        return True
    if holder == ours and _is_empty(handle):  # left by an update that was killed
        return True
    raise _foreign(path, holder, owner)


def _is_empty(folder: int) -> bool:
    with os.scandir(folder) as entries:
        return next(entries, None) is None


def _foreign(path: Path, holder: int, owner: int) -> LocalFailure:
    hint = (
        "choose another folder" if owner == os.geteuid() else f"if it is stackgen's: chown -R {owner} {path}"
    )
    return LocalFailure(
        f"{path} belongs to another user (number {holder}); stackgen takes no folder over; {hint}"
    )


def _give(handle: int, account: Account | None) -> None:
    """Make an open file the account's."""
    if account is not None:
        os.fchown(handle, account.uid, account.gid)
