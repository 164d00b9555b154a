"""Accounts of servers when stackgen runs as root: one account for each component, one group for an environment.

Otherwise servers run as the user who runs stackgen, and the account is None.
"""

from __future__ import annotations

import base64
import hashlib
import os
import pwd
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pulumi

from local_provider.homes import cache_home
from local_provider.process_limit import most_processes

PREFIX = "stackgen-"
SHARED = "STACKGEN_SERVICE_USER"
FORMER = "nobody"  # account of all servers in former versions
LONGEST = 32  # characters of an account's name, see useradd(8)


@dataclass(frozen=True)
class Account:
    """An account of the machine: its name and numbers."""

    name: str
    uid: int
    gid: int


OTHERS = Account(FORMER, 65534, 65534)
"""Example of an account that is not ours, to check which files such an account may run or read."""


def account_name(workspace: str, component: str | None = None) -> str | None:
    """Return the account of a component in `workspace`, or of the installer of the user's own code: `USER:GROUP`.

    The names are digests, so that no name of a stack can be chosen to get the account of another one.
    $STACKGEN_SERVICE_USER names one account for all instead. None if stackgen does not run as root.
    """
    if os.geteuid() != 0:
        return None
    if os.environ.get(SHARED):
        return os.environ[SHARED]
    group = group_of(workspace)
    return f"{group if component is None else _name(workspace, component)}:{group}"


def account_in(workspace: pulumi.Input[str], component: str) -> pulumi.Output[str | None]:
    """Return the account of a component in a workspace that is created by this program."""
    return pulumi.Output.from_input(workspace).apply(lambda folder: account_name(folder, component))


def is_servers_account(uid: int) -> bool:
    """Return True if servers of stackgen run as this account, or did in former versions."""
    try:
        name = pwd.getpwuid(uid).pw_name
    except (KeyError, OverflowError):
        return False
    return name.startswith(PREFIX) or name in (FORMER, os.environ.get(SHARED))


# A session keyring outlives exec and setuid, and whoever has it reads its keys, such as the operator's Kerberos ticket:
# so a new, empty one is joined (1 is KEYCTL_JOIN_SESSION_KEYRING; the numbers of keyctl(2) are of 64-bit Linux). Where
# root starts it, no setuid or setgid program gives it rights (38 is PR_SET_NO_NEW_PRIVS): by such programs an account
# places jobs (crontab, at) and mounts (fusermount) that outlive it. And it leaves room for others' processes.
_APART = (
    "import ctypes, os, resource, sys, warnings; libc = ctypes.CDLL(None); prctl = getattr(libc, 'prctl', print); "
    "keyctl = {'x86_64': 250, 'aarch64': 219, 'riscv64': 219, 'ppc64le': 271, 's390x': 280}.get(os.uname().machine); "
    "sys.platform == 'linux' and sys.maxsize > 2**32 and keyctl and libc.syscall(keyctl, 1, None); "
    "os.geteuid() or prctl is print or prctl(38, 1, 0, 0, 0); most, hard = int(sys.argv[1]), "
    "resource.getrlimit(resource.RLIMIT_NPROC)[1]; most = min(most, hard) if hard >= 0 else most; "
    "os.geteuid() or resource.setrlimit(resource.RLIMIT_NPROC, (most, most)); "
)

# Dropping rights by subprocess's own `user=` forks, and a fork of a gRPC process can crash in its fork handlers;
# without it subprocess uses vfork. So a small interpreter of its own does it, then becomes the command. In a session of
# its own there is no terminal of the operator's to read, or to type into; it is killed when who waits for it ends
# (1 is PR_SET_PDEATHSIG, which a change of the user would clear).
_DROP = (
    f"{_APART}uid, gid = int(sys.argv[2]), int(sys.argv[3]); os.getpid() == os.getsid(0) or os.setsid(); "
    "os.setgroups([]); os.setgid(gid); os.setuid(uid); "
    "prctl is print or prctl(1, 9); os.execvp(sys.argv[4], sys.argv[4:])"
)


def run_as(account: Account | None, command: Sequence[str]) -> list[str]:
    """Return a command that runs `command` as `account`; `command` itself without an account."""
    if account is None:
        return list(command)
    return [*_start(_DROP), str(account.uid), str(account.gid), *command]


def run_apart(command: Sequence[str]) -> list[str]:
    """Return a command that runs `command` as this user, without the keys of this session."""
    return [*_start(f"{_APART}os.execvp(sys.argv[2], sys.argv[2:])"), *command]


def _start(text: str) -> list[str]:
    return [sys.executable, "-I", "-S", "-c", text, str(most_processes())]


def run_as_others(command: Sequence[str]) -> list[str]:
    """Return a command that runs `command` as an unrelated account; `command` itself if this user is not root."""
    return run_as(OTHERS if os.geteuid() == 0 else None, command)


def account_home(account: Account | None) -> Path:
    """Return the folder for installations of an account, apart from those of other accounts."""
    return cache_home() / "accounts" / _number(account)


def private_models(account: Account | None) -> Path:
    """Return the folder of models that only this account may read. Only stackgen's own user can write to it."""
    return cache_home() / "models" / "private" / _number(account)


def _number(account: Account | None) -> str:
    return str(os.geteuid() if account is None else account.uid)


def make_shared_folder(path: Path) -> Path:
    """Create a folder that every user may read: caches hold no secrets."""
    for folder in (*reversed(path.parents), path):
        if not folder.exists():
            folder.mkdir(exist_ok=True)
            folder.chmod(0o755)
    return path


def group_of(workspace: str) -> str:
    """Return the group of an environment's accounts. The account of this name installs for them."""
    return _name(workspace, "")


def _name(workspace: str, component: str) -> str:
    digest = hashlib.sha256(f"{workspace}\0{component}".encode()).digest()
    return PREFIX + base64.b32encode(digest).decode().lower()[: LONGEST - len(PREFIX)]
