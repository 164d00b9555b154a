"""The account that servers run as: never root. Where stackgen itself runs as root, an unprivileged account."""

from __future__ import annotations

import os
import pwd
import sys
from collections.abc import Sequence
from functools import cache
from pathlib import Path

from local_provider.failure import LocalFailure

FALLBACK = "nobody"


@cache
def service_account() -> pwd.struct_passwd | None:
    """The account of $STACKGEN_SERVICE_USER or `nobody`, if we are root; None where we are not."""
    if os.geteuid() != 0:
        return None
    name = os.environ.get("STACKGEN_SERVICE_USER", FALLBACK)
    try:
        account = pwd.getpwnam(name)
    except KeyError:
        raise LocalFailure(f"there is no account '{name}' to run servers as") from None
    if account.pw_uid == 0:
        raise LocalFailure(f"the account '{name}' is root; servers run as an unprivileged account only")
    return account


# Dropping rights by subprocess's own `user=` forks, and a fork of a gRPC process can crash in its fork handlers;
# without it subprocess uses vfork. So a small interpreter of its own does it, then becomes the command.
_DROP = (
    "import os, sys, warnings; uid, gid = int(sys.argv[1]), int(sys.argv[2]); "
    "os.setgroups([]); os.setgid(gid); os.setuid(uid); os.execvp(sys.argv[3], sys.argv[3:])"
)


def as_service_user(command: Sequence[str]) -> list[str]:
    """The command that runs `command` without root's rights; itself where we have none."""
    account = service_account()
    if account is None:
        return list(command)
    return [sys.executable, "-I", "-S", "-c", _DROP, str(account.pw_uid), str(account.pw_gid), *command]


def shared_folder(path: Path) -> Path:
    """A folder that everybody may read: caches hold nothing secret."""
    for folder in (*reversed(path.parents), path):
        if not folder.exists():
            folder.mkdir(exist_ok=True)
            folder.chmod(0o755)
    return path
