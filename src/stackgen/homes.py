"""Folders of stackgen: data that must stay, and a cache that may be deleted."""

from __future__ import annotations

import errno
import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from pathlib import Path


def data_home() -> Path:
    """State and servers' data: $STACKGEN_DATA_HOME, /var/lib/stackgen for root, else the XDG data folder."""
    from pathlib import Path

    return Path(_home("STACKGEN_DATA_HOME", "/var/lib", "XDG_DATA_HOME", ".local/share"))


def cache_home() -> Path:
    """Engine, environments and binaries, shared by all stacks: $STACKGEN_CACHE_HOME, /var/cache, or XDG."""
    from pathlib import Path

    return Path(cache_folder())


def config_home() -> Path:
    """Folder of the user's configuration, such as a signing key: $STACKGEN_CONFIG_HOME or XDG."""
    from pathlib import Path

    if "STACKGEN_CONFIG_HOME" in os.environ:
        return Path(os.environ["STACKGEN_CONFIG_HOME"]).absolute()
    return Path(os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config", "stackgen")


def cache_folder() -> str:
    """The same as text, for those who have no time to load `pathlib`."""
    return _home("STACKGEN_CACHE_HOME", "/var/cache", "XDG_CACHE_HOME", ".cache")


def make_homes() -> None:
    """Make both folders if need be; servers' account must be able to pass through them, whatever the umask says.

    Raises OSError, also where another user made one of them, see `refuse_planted`.
    """
    for folder, mode in ((cache_folder(), 0o755), (str(data_home()), 0o711 if os.geteuid() == 0 else 0o700)):
        refuse_planted(folder)
        _make(folder, mode)


def refuse_planted(path: str, trusted: tuple[int, ...] = ()) -> None:
    """Raises PermissionError where another user made `path`, or a folder above it, in a place where others can.

    That user could read or replace what we keep there. trusted: numbers of users who may have made it.
    """
    real = os.path.realpath(path)
    if real != os.path.abspath(path):  # noqa: PTH100
        refuse_planted(real, trusted)
    while (above := os.path.dirname(path)) != path:  # noqa: PTH120
        try:
            holder = os.lstat(path).st_uid
            planted = holder not in (0, os.geteuid(), *trusted) and _open_to_others(os.stat(above))  # noqa: PTH116
        except FileNotFoundError:
            planted = False
        if planted:
            raise PermissionError(
                errno.EPERM, "it belongs to another user, who can replace what is in it", path
            )
        path = above


def _open_to_others(folder: os.stat_result) -> bool:
    """True if every user, or the members of a group that is not root's, can make files in a folder."""
    return bool(folder.st_mode & (0o022 if folder.st_gid else 0o002))


def _make(folder: str, mode: int) -> None:
    if os.path.isdir(folder):  # noqa: PTH112
        return
    _make(os.path.dirname(folder), 0o755)  # noqa: PTH120
    try:
        os.mkdir(folder)  # noqa: PTH102
    except FileExistsError:  # another process was quicker
        return
    os.chmod(folder, mode)  # noqa: PTH101


def make_private(folder: str) -> bool:
    """Make a private folder if need be; True if no other user can put anything into it."""
    try:
        refuse_planted(folder)
        _make(cache_folder(), 0o755)
        os.makedirs(folder, mode=0o700, exist_ok=True)  # noqa: PTH103
        found = os.stat(folder)  # noqa: PTH116
    except OSError:
        return False
    return found.st_uid == os.geteuid() and not found.st_mode & 0o022 and os.access(folder, os.W_OK)


def _home(own: str, for_root: str, xdg: str, below_home: str) -> str:
    if own in os.environ:
        return os.path.abspath(os.environ[own])  # noqa: PTH100
    if os.geteuid() == 0:
        return f"{for_root}/stackgen"
    base = os.environ.get(xdg) or os.path.expanduser(f"~/{below_home}")  # noqa: PTH111
    return f"{base}/stackgen"
