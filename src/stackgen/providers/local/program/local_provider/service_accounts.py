"""Makes, finds and deletes the accounts that servers run as."""

from __future__ import annotations

import grp
import os
import pwd
import secrets
import shutil
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import psutil

from local_provider.account import (
    OTHERS,
    PREFIX,
    SHARED,
    Account,
    account_home,
    group_of,
    make_shared_folder,
    private_models,
)
from local_provider.failure import LocalFailure
from local_provider.files import hold_lock
from local_provider.ownership import is_in_use
from local_provider.workspace_files import list_folder, make_folder, remove_file, remove_tree

ATTEMPTS = 3  # at a password file that another tool has locked; useradd waits 15 s each time
PATIENCE = 30  # seconds for processes to go that were killed
NUMBERS = ((1879048192, 2147352576), (20000, 60000))
"""First number and the one after the last: what systemd leaves free (UIDS-GIDS), and for containers that have few."""
_EXPIRY = 7  # where a line of shadow(5) has it
LOCK = Path("/run/stackgen/accounts.lock")  # useradd looks for the name before it locks anything


def service_account(wanted: str | None) -> Account | None:
    """The account that `account_name` names; one of stackgen's own is made if it is missing. Raises LocalFailure.

    Raises LocalFailure for root and the account 65534: other daemons of a machine run as the latter too.
    """
    if wanted is None or os.geteuid() != 0:
        return None
    name, _, group = wanted.partition(":")
    found = _known(name)
    if found is None:
        if not name.startswith(PREFIX):
            raise LocalFailure(f"there is no account '{name}' to run servers as")
        with hold_lock(LOCK):
            _make(name, group)
        found = _known(name)
    for ours in {name, group or name}:
        if ours.startswith(PREFIX):
            _expire(ours)
    if found is None:
        raise LocalFailure(f"the account '{name}' was made, but the system does not know it")
    if found.uid in (0, OTHERS.uid):
        who = "is root" if found.uid == 0 else "is shared with other daemons of the machine"
        raise LocalFailure(
            f"the account '{name}' {who}; servers run as an account of their own; change ${SHARED}"
        )
    return found


def existing_account(wanted: str | None) -> Account | None:
    """The account that `account_name` names, None where there is none; nothing is made."""
    return None if wanted is None or os.geteuid() != 0 else _known(wanted.partition(":")[0])


def accounts_of(workspace: str) -> list[Account]:
    """The accounts that stackgen has made for an environment, the one that the group is named after last."""
    group = _known(group_of(workspace))
    if group is None:
        return []
    every = [Account(entry.pw_name, entry.pw_uid, entry.pw_gid) for entry in pwd.getpwall()]
    members = [account for account in every if account.gid == group.gid and account.name.startswith(PREFIX)]
    return [*(account for account in members if account != group), group]


def own_home(account: Account | None) -> Path:
    """The folder for what an account installs; made if need be, and open to its group."""
    home = account_home(account)
    make_shared_folder(home.parent)
    return make_folder(home, account, 0o750)


def delete_account(account: Account) -> None:
    """End all that runs as one of stackgen's own accounts, and remove it with the group of its name, if any."""
    _end_processes(account)
    with hold_lock(LOCK):
        subprocess.run([_tool("userdel"), account.name], capture_output=True, check=False)
        if _is_group(account.name):
            subprocess.run([_tool("groupdel"), account.name], capture_output=True, check=False)


def end_processes_of(workspace: str) -> None:
    """End every process that runs as an account of the environment, whatever it calls itself.

    Raises LocalFailure where one stays: it would get what the next deployment gives to its account.
    """
    for account in accounts_of(workspace):
        _end_processes(account)


def _end_processes(account: Account) -> None:
    # also where none is seen: one that starts another and ends all the time is in no list
    signal_all(account, signal.SIGKILL)
    deadline = time.monotonic() + PATIENCE
    while running := running_as(account):
        if time.monotonic() > deadline:
            numbers = [process.pid for process in running]
            raise LocalFailure(f"the processes {numbers} of the account '{account.name}' can't be ended")
        signal_all(account, signal.SIGKILL)
        time.sleep(0.05)


# Who sends has the account's rights by its effective user alone. Its other two are of a number that no account has: a
# process of the account's can neither end nor trace it meanwhile. (Root's instead would have it signal root's.)
_SEND = (
    "import os, sys; number, account, apart = map(int, sys.argv[1:]); "
    "os.setgroups([]); os.setresgid(apart, apart, apart); os.setresuid(apart, account, apart); os.kill(-1, number)"
)


def signal_all(account: Account, number: signal.Signals) -> None:
    """One signal for all that runs as an account, sent as it, so that none of them can start another meanwhile.

    Without our variables: what a process of an account has, the account can read.
    """
    numbers = map(str, (int(number), account.uid, _new_number()))
    command = [sys.executable, "-I", "-S", "-c", _SEND, *numbers]
    none = subprocess.DEVNULL
    subprocess.run(command, env={}, cwd="/", stdin=none, stdout=none, stderr=none, check=False)


def running_as(account: Account) -> list[psutil.Process]:
    """The processes that have any right of the account's, zombies apart."""
    found: list[psutil.Process] = []
    for process in psutil.process_iter():
        with suppress(psutil.Error):
            if account.uid in process.uids() and process.status() != psutil.STATUS_ZOMBIE:
                found.append(process)
    return found


def delete_unused_accounts(workspace: Path) -> None:
    """Delete the accounts of an environment, with what they have installed.

    Nothing happens while the environment runs, or has data that belongs to them.
    """
    if is_in_use(workspace):
        return
    for account in accounts_of(str(workspace)):
        home = account_home(account)
        remove_tree(home)
        remove_tree(private_models(account))
        for name in list_folder(home.parent):
            if name.startswith(f"{home.name}-"):  # locks of its installations
                remove_file(home.parent / name)
        delete_account(account)


def _known(name: str) -> Account | None:
    try:
        entry = pwd.getpwnam(name)
    except KeyError:
        return None
    return Account(name, entry.pw_uid, entry.pw_gid)


def _make(name: str, group: str) -> None:
    """An account of stackgen's own, in the group of its environment; raises LocalFailure."""
    if _known(name) is not None:  # by another update meanwhile
        return
    if name != group:
        _make(group, group)
    elif not _is_group(group):
        _run(name, ["groupadd", "--system", "--gid", str(_new_number()), group])
    command = ["useradd", "--system", "--uid", str(_new_number()), "--gid", group, "--no-log-init"]
    command += ["--no-create-home", "--home-dir", "/nonexistent", "--shell", "/usr/sbin/nologin"]
    _run(name, [*command, "--comment", "component of a stackgen environment", name])


def _expire(name: str) -> None:
    """Let cron, at and user managers start nothing for an account; useradd can't for one of the system.

    Nothing happens where it is done, or the account is in no file of this machine.
    """
    try:
        lines = Path("/etc/shadow").read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return
    fields = next((line.split(":") for line in lines if line.startswith(f"{name}:")), [])
    if len(fields) > _EXPIRY and not fields[_EXPIRY]:
        with hold_lock(LOCK):
            _run(name, ["usermod", "--expiredate", "1970-01-02", name])


def _run(name: str, command: list[str]) -> None:
    """A tool that makes the account `name`; raises LocalFailure."""
    words = ""
    for _ in range(ATTEMPTS):
        done = subprocess.run([_tool(command[0]), *command[1:]], capture_output=True, text=True, check=False)
        if done.returncode == 0:
            return
        words = done.stderr.strip().rpartition("\n")[2] or f"exit status {done.returncode}"
        if done.returncode not in (1, 10):  # these two: a file that another tool holds right now
            break
    raise LocalFailure(
        f"the account '{name}' to run servers as can't be made ({words}); "
        f"to run all servers as one account that exists, set ${SHARED} to its name"
    )


def _is_group(name: str) -> bool:
    try:
        grp.getgrnam(name)
    except KeyError:
        return False
    return True


def _new_number() -> int:
    """A number that no account has, nor had: what a former account has left, such as a setuid file, must stay no one's.

    Drawn at random, since nothing says which numbers were given on this machine before.
    """
    first, last = next(
        (numbers for numbers in NUMBERS if all(_is_mapped(kind, *numbers) for kind in ("uid", "gid"))),
        NUMBERS[-1],
    )
    while _is_taken(number := first + secrets.randbelow(last - first)):
        continue
    return number


def _is_taken(number: int) -> bool:
    """Asked one by one: directories of accounts list none."""
    for find in (pwd.getpwuid, grp.getgrgid):
        with suppress(KeyError):
            find(number)
            return True
    return False


def _is_mapped(kind: str, first: int, last: int) -> bool:
    """Whether this user namespace has all the numbers, see user_namespaces(7)."""
    try:
        lines = Path(f"/proc/self/{kind}_map").read_text(encoding="utf-8").splitlines()
    except OSError:
        return True
    ranges = [(int(start), int(start) + int(count)) for start, _, count in (line.split() for line in lines)]
    return any(start <= first and last <= end for start, end in ranges)


def _tool(name: str) -> str:
    """Path of a tool of the system's; raises LocalFailure where there is none."""
    found = shutil.which(name, path="/usr/sbin:/sbin:/usr/bin:/bin")
    if found is None:
        raise LocalFailure(
            f"this system has no {name} to make accounts with, and servers don't run as root; make an account, "
            f"and set ${SHARED} to its name"
        )
    return found
