"""The accounts that servers run as where stackgen runs as root: one for each component, one group for an environment.

Elsewhere servers run as the user who runs stackgen, and there is None in place of an account.
"""

from __future__ import annotations

import hashlib
import os
import pwd
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pulumi

from local_provider.failure import LocalFailure
from local_provider.homes import cache_home

PREFIX = "stackgen-"
SHARED = "STACKGEN_SERVICE_USER"
FORMER = "nobody"  # who every server of every environment ran as until each component had an account
LONGEST = 32  # characters of an account's name, see useradd(8)
ATTEMPTS = 3  # at a password file that another tool has locked; useradd waits 15 s each time


@dataclass(frozen=True)
class Account:
    """An account of the machine: its name and numbers."""

    name: str
    uid: int
    gid: int


OTHERS = Account(FORMER, 65534, 65534)
"""Stands for any account that is not ours, to see what such an account may run or enter."""


def account_name(workspace: str, component: str | None = None) -> str | None:
    """Who runs a component of the environment in `workspace`, or installs the user's own code there.

    $STACKGEN_SERVICE_USER names one account for all instead. None where stackgen does not run as root.
    """
    if os.geteuid() != 0:
        return None
    if os.environ.get(SHARED):
        return os.environ[SHARED]
    name = _prefix(workspace)
    if component is None:
        return _group_of(name)
    room = LONGEST - len(name)
    short = f"{component[: room - 5]}-{_digest(component)[:4]}"
    return name + (component if len(component) <= room else short)


def account_in(workspace: pulumi.Input[str], component: str) -> pulumi.Output[str | None]:
    """The same of a workspace that is still to be made."""
    return pulumi.Output.from_input(workspace).apply(lambda folder: account_name(folder, component))


def service_account(name: str | None) -> Account | None:
    """The account of that name; one of stackgen's own is made if it is missing. Raises LocalFailure.

    Neither root nor `nobody` is taken: other daemons of a machine run as `nobody` too.
    """
    if name is None or os.geteuid() != 0:
        return None
    found = _known(name)
    if found is None:
        if not name.startswith(PREFIX):
            raise LocalFailure(f"there is no account '{name}' to run servers as")
        _make(name)
        found = _known(name)
    if found is None:
        raise LocalFailure(f"the account '{name}' was made, but the system does not know it")
    if found.uid in (0, OTHERS.uid):
        who = "is root" if found.uid == 0 else "is shared with other daemons of the machine"
        raise LocalFailure(
            f"the account '{name}' {who}; servers run as an account of their own; change ${SHARED}"
        )
    return found


def existing_account(name: str | None) -> Account | None:
    """The account of that name, None where there is none; nothing is made."""
    return None if name is None or os.geteuid() != 0 else _known(name)


def is_servers_account(uid: int) -> bool:
    """Whether servers of stackgen's run as this account, or did in former versions."""
    try:
        name = pwd.getpwuid(uid).pw_name
    except KeyError:
        return False
    return name.startswith(PREFIX) or name in (FORMER, os.environ.get(SHARED))


def accounts_of(workspace: str) -> list[Account]:
    """The accounts that stackgen has made for an environment, the one that the group is named after last."""
    prefix = _prefix(workspace)
    every = [Account(entry.pw_name, entry.pw_uid, entry.pw_gid) for entry in pwd.getpwall()]
    own = [account for account in every if account.name.startswith(prefix)]
    return own + [account for account in every if account.name == _group_of(prefix)]


def delete_account(account: Account) -> None:
    """Remove one of stackgen's own accounts; nothing happens if it is gone or a process still runs as it."""
    subprocess.run([_tool("userdel"), account.name], capture_output=True, check=False)


# Dropping rights by subprocess's own `user=` forks, and a fork of a gRPC process can crash in its fork handlers;
# without it subprocess uses vfork. So a small interpreter of its own does it, then becomes the command.
_DROP = (
    "import os, sys, warnings; uid, gid = int(sys.argv[1]), int(sys.argv[2]); "
    "os.setgroups([]); os.setgid(gid); os.setuid(uid); os.execvp(sys.argv[3], sys.argv[3:])"
)


def run_as(account: Account | None, command: Sequence[str]) -> list[str]:
    """The command that runs `command` as `account`; itself where there is none."""
    if account is None:
        return list(command)
    return [sys.executable, "-I", "-S", "-c", _DROP, str(account.uid), str(account.gid), *command]


def run_as_others(command: Sequence[str]) -> list[str]:
    """The command that runs `command` as an account that owns nothing of ours; itself where we are not root."""
    return run_as(OTHERS if os.geteuid() == 0 else None, command)


def account_home(account: Account | None) -> Path:
    """Where an account keeps what it has installed, apart from what others have."""
    return cache_home() / "accounts" / str(os.geteuid() if account is None else account.uid)


def shared_folder(path: Path) -> Path:
    """A folder that everybody may read: caches hold nothing secret."""
    for folder in (*reversed(path.parents), path):
        if not folder.exists():
            folder.mkdir(exist_ok=True)
            folder.chmod(0o755)
    return path


def _prefix(workspace: str) -> str:
    return f"{PREFIX}{_digest(workspace)[:8]}-"


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _known(name: str) -> Account | None:
    try:
        entry = pwd.getpwnam(name)
    except KeyError:
        return None
    return Account(name, entry.pw_uid, entry.pw_gid)


def _group_of(name: str) -> str:
    """The account that has the same name as the environment's group, to which all its accounts belong."""
    return name[: len(_prefix("")) - 1]


def _make(name: str) -> None:
    """An account of stackgen's own, in the group of its environment; raises LocalFailure."""
    group = _group_of(name)
    if name != group and _known(group) is None:
        _make(group)
    command = [_tool("useradd"), "--system", *(["--user-group"] if name == group else ["--gid", group])]
    command += ["--no-create-home", "--home-dir", "/nonexistent", "--shell", "/usr/sbin/nologin"]
    command += ["--comment", "component of a stackgen environment", name]
    words = ""
    for _ in range(ATTEMPTS):
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode in (0, 9):  # 9: made by another update meanwhile
            return
        words = done.stderr.strip().rpartition("\n")[2] or f"exit status {done.returncode}"
        if done.returncode not in (1, 10):  # these two: a file that another tool holds right now
            break
    raise LocalFailure(
        f"the account '{name}' to run servers as can't be made ({words}); "
        f"to run all servers as one account that exists, set ${SHARED} to its name"
    )


def _tool(name: str) -> str:
    """Path of a tool of the system's; raises LocalFailure where there is none."""
    found = shutil.which(name, path="/usr/sbin:/sbin:/usr/bin:/bin")
    if found is None:
        raise LocalFailure(
            f"this system has no {name} to make accounts with, and servers don't run as root; make an account, "
            f"and set ${SHARED} to its name"
        )
    return found
