"""Who servers run as: never root. Where stackgen itself runs as root, an unprivileged account."""

from __future__ import annotations

import os
import pwd
from functools import cache
from pathlib import Path
from typing import Any

from local_provider.failure import LocalFailure

FALLBACK = "nobody"


@cache
def service_account() -> pwd.struct_passwd | None:
    """The account of $STACKGEN_SERVICE_USER or `nobody`, if we are root; None where we are not."""
    if os.geteuid() != 0:
        return None
    name = os.environ.get("STACKGEN_SERVICE_USER", FALLBACK)
    try:
        return pwd.getpwnam(name)
    except KeyError:
        raise LocalFailure(f"there is no account '{name}' to run servers as") from None


def as_service_user() -> dict[str, Any]:
    """Arguments for subprocess that drop root's rights."""
    account = service_account()
    umask: dict[str, Any] = {"umask": 0o077}
    if account is None:
        return umask
    return {**umask, "user": account.pw_uid, "group": account.pw_gid, "extra_groups": []}


def give(path: Path) -> None:
    """Make `path` the service account's."""
    account = service_account()
    if account is not None:
        os.chown(path, account.pw_uid, account.pw_gid)


def own_folder(path: Path, mode: int = 0o700) -> Path:
    """A folder of the service account's, in parents that it may pass through."""
    for parent in reversed(path.parents):
        if not parent.exists():
            parent.mkdir(exist_ok=True)
            parent.chmod(0o755 if os.geteuid() == 0 else 0o700)
    path.mkdir(exist_ok=True)
    path.chmod(mode)
    give(path)
    return path


def shared_folder(path: Path) -> Path:
    """A folder that everybody may read: caches hold nothing secret."""
    for folder in (*reversed(path.parents), path):
        if not folder.exists():
            folder.mkdir(exist_ok=True)
            folder.chmod(0o755)
    return path
