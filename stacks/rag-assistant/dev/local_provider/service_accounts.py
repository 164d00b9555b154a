"""Makes, finds and deletes the accounts that servers run as."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
from pathlib import Path

from local_provider.account import (
    OTHERS,
    PREFIX,
    SHARED,
    Account,
    account_home,
    group_of,
    prefix_of,
    shared_folder,
)
from local_provider.failure import LocalFailure
from local_provider.files import locked
from local_provider.workspace_files import is_folder, make_folder, names, remove, remove_tree

ATTEMPTS = 3  # at a password file that another tool has locked; useradd waits 15 s each time
LOCK = Path("/run/stackgen/accounts.lock")  # useradd looks for the name before it locks anything


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
        with locked(LOCK):
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


def accounts_of(workspace: str) -> list[Account]:
    """The accounts that stackgen has made for an environment, the one that the group is named after last."""
    prefix = prefix_of(workspace)
    every = [Account(entry.pw_name, entry.pw_uid, entry.pw_gid) for entry in pwd.getpwall()]
    own = [account for account in every if account.name.startswith(prefix)]
    return own + [account for account in every if account.name == group_of(prefix)]


def own_home(account: Account | None) -> Path:
    """The folder for what an account installs; made if need be, and open to its group."""
    home = account_home(account)
    shared_folder(home.parent)
    return make_folder(home, account, 0o750)


def delete_account(account: Account) -> None:
    """Remove one of stackgen's own accounts; nothing happens if it is gone or a process still runs as it."""
    with locked(LOCK):
        subprocess.run([_tool("userdel"), account.name], capture_output=True, check=False)


def delete_unused_accounts(workspace: Path) -> None:
    """Delete the accounts of an environment, with what they have installed.

    Nothing happens while the environment runs, or has data that belongs to them.
    """
    if is_folder(workspace / "supervisor") or names(workspace / "data") or names(workspace / "run"):
        return
    for account in accounts_of(str(workspace)):
        home = account_home(account)
        remove_tree(home)
        for name in names(home.parent):
            if name.startswith(f"{home.name}-"):  # locks of its installations
                remove(home.parent / name)
        delete_account(account)


def _known(name: str) -> Account | None:
    try:
        entry = pwd.getpwnam(name)
    except KeyError:
        return None
    return Account(name, entry.pw_uid, entry.pw_gid)


def _make(name: str) -> None:
    """An account of stackgen's own, in the group of its environment; raises LocalFailure."""
    if _known(name) is not None:  # by another update meanwhile
        return
    group = group_of(name)
    if name != group:
        _make(group)
    command = [_tool("useradd"), "--system", *(["--user-group"] if name == group else ["--gid", group])]
    command += ["--no-create-home", "--home-dir", "/nonexistent", "--shell", "/usr/sbin/nologin"]
    command += ["--comment", "component of a stackgen environment", name]
    words = ""
    for _ in range(ATTEMPTS):
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode == 0:
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
