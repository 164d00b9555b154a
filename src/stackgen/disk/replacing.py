"""Replaces a program's folder as a whole, one run at a time, and clears up after runs that were killed."""

from __future__ import annotations

import errno
import fcntl
import os
import shutil
import stat
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Set
from contextlib import contextmanager
from pathlib import Path

from stackgen.disk.exchange import exchange_folders, recover_folder
from stackgen.errors import Problem, StackgenError

LOCK_WAIT_SECONDS = 60  # seconds
_NO_LINKS = {errno.EPERM, errno.EMLINK, errno.EXDEV, errno.ENOTSUP, errno.ENOSYS, errno.EACCES}


@contextmanager
def lock_folder(folder: Path) -> Iterator[None]:
    """Hold the folder above against other runs, and remove what a killed one left there.

    The lock is the kernel's and on the folder itself: it goes with its process and leaves no file behind.
    Where the file system has no such locks, runs are not kept apart; each still replaces the whole.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(folder.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        if not _locked(descriptor, folder.parent):
            yield
            return
        recover_folder(folder)
        for left in leftovers(folder):
            _remove(left)
        yield
    finally:
        os.close(descriptor)


def _locked(descriptor: int, folder: Path) -> bool:
    """Lock an open folder; whether the file system can. Whoever can read the folder can hold the lock."""
    deadline = time.monotonic() + LOCK_WAIT_SECONDS
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > deadline:
                message = f"another process holds a lock on {folder} for more than {LOCK_WAIT_SECONDS} s"
                hint = "it may be another stackgen, or any user's process that can read the folder; `fuser` names it"
                raise StackgenError(Problem("folder-locked", message, hint=hint)) from None
            time.sleep(0.05)
        except OSError:
            return False
        else:
            return True


def leftovers(folder: Path) -> list[Path]:
    """Folders beside `folder` that a killed run was building or about to remove."""
    prefix = _prefix(folder)
    try:
        with os.scandir(folder.parent) as entries:
            return [Path(entry.path) for entry in entries if entry.name.startswith(prefix)]
    except FileNotFoundError:
        return []


def replace(folder: Path, files: Mapping[str, bytes], gone: Set[str], intact: Callable[[Path], bool]) -> bool:
    """Put `files` where `folder` is, with everything of the old one that is neither among them nor `gone`.

    intact: asked of the old folder once it is out of anybody's way; False puts it back. Returns whether the
    new folder stays. Raises OSError with the old folder in its place.
    """
    staging = Path(tempfile.mkdtemp(prefix=_prefix(folder), dir=folder.parent))
    try:
        for path, data in files.items():
            target = staging / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(data)
        staging.chmod(0o755)
        taken = {*files, *gone}
        _carry_over(folder, staging, taken)
        exchange_folders(staging, folder)
        return not staging.is_dir() or _check_replaced(staging, folder, taken, intact)
    except OSError as error:
        raise _in_place(error, staging, folder) from error
    finally:
        _remove(staging)


def _check_replaced(old: Path, folder: Path, taken: Set[str], intact: Callable[[Path], bool]) -> bool:
    """Check the replaced folder once more for concurrent edits."""
    try:
        if intact(old):
            _carry_over(old, folder, taken)
            return True
    except OSError:
        exchange_folders(old, folder)
        raise
    exchange_folders(old, folder)
    return False


def _carry_over(source: Path, target: Path, taken: Set[str]) -> None:
    """Hard links to what is as it was: what is the user's, files that nothing changes, the virtual environment."""
    needed = {parent for path in taken for parent in _parents(path)}
    for root, folders, names in os.walk(source):
        below = "" if root == str(source) else f"{Path(root).relative_to(source).as_posix()}/"
        links = [name for name in folders if Path(root, name).is_symlink()]
        folders[:] = [n for n in folders if n not in links and n != "__pycache__" and below + n not in taken]
        for name in (*names, *links):
            path = below + name
            if path not in taken and path not in needed:
                _link(source / path, target / path)
        for name in folders:
            if below + name not in needed:
                (target / below / name).mkdir(parents=True, exist_ok=True)


def _link(source: Path, target: Path) -> None:
    """The same file under a second name; a copy where there can be none."""
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        if os.path.samestat(os.lstat(source), os.lstat(target)):
            return
        target.unlink()
    except FileNotFoundError:
        pass
    if source.is_symlink():
        target.symlink_to(source.readlink())
        return
    try:
        os.link(source, target, follow_symlinks=False)
    except OSError as error:
        if error.errno not in _NO_LINKS or not stat.S_ISREG(os.lstat(source).st_mode):
            raise
        shutil.copy2(source, target, follow_symlinks=False)


def _parents(path: str) -> Iterator[str]:
    while "/" in path:
        path = path.rpartition("/")[0]
        yield path


def _prefix(folder: Path) -> str:
    return f".{folder.name}.stackgen-"


def _remove(folder: Path) -> None:
    """Remove a folder of ours; what can't be removed now is the next run's to remove."""
    if folder.is_symlink():
        folder.unlink(missing_ok=True)
    else:
        shutil.rmtree(folder, ignore_errors=True)


def _in_place(error: OSError, staging: Path, folder: Path) -> OSError:
    """The same error, naming the file as the user knows it."""
    name = str(error.filename or folder)
    if name.startswith(f"{staging}{os.sep}"):
        name = str(folder / Path(name).relative_to(staging))
    return type(error)(error.errno, error.strerror, name)
