"""The accounts that servers run as where stackgen runs as root: one for each component, one group for an environment.

Elsewhere servers run as the user who runs stackgen, and there is None in place of an account.
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
FORMER = "nobody"  # who every server of every environment ran as until each component had an account
LONGEST = 32  # characters of an account's name, see useradd(8)


@dataclass(frozen=True)
class Account:
    """An account of the machine: its name and numbers."""

    name: str
    uid: int
    gid: int


OTHERS = Account(FORMER, 65534, 65534)
"""Stands for any account that is not ours, to see what such an account may run or enter."""


def account_name(workspace: str, component: str | None = None) -> str | None:
    """Who runs a component of the environment in `workspace`, or installs the user's own code there: `USER:GROUP`.

    The names are digests that can't be aimed at: whoever names a stack could choose a short one to be another's.
    $STACKGEN_SERVICE_USER names one account for all instead. None where stackgen does not run as root.
    """
    if os.geteuid() != 0:
        return None
    if os.environ.get(SHARED):
        return os.environ[SHARED]
    group = group_of(workspace)
    return f"{group if component is None else _name(workspace, component)}:{group}"


def account_in(workspace: pulumi.Input[str], component: str) -> pulumi.Output[str | None]:
    """The same of a workspace that is still to be made."""
    return pulumi.Output.from_input(workspace).apply(lambda folder: account_name(folder, component))


def is_servers_account(uid: int) -> bool:
    """Whether servers of stackgen's run as this account, or did in former versions."""
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
    """The command that runs `command` as `account`; itself where there is none."""
    if account is None:
        return list(command)
    return [*_start(_DROP), str(account.uid), str(account.gid), *command]


def run_apart(command: Sequence[str]) -> list[str]:
    """The command that runs `command` as ourselves, without the keys of our session."""
    return [*_start(f"{_APART}os.execvp(sys.argv[2], sys.argv[2:])"), *command]


def _start(text: str) -> list[str]:
    return [sys.executable, "-I", "-S", "-c", text, str(most_processes())]


def run_as_others(command: Sequence[str]) -> list[str]:
    """The command that runs `command` as an account that owns nothing of ours; itself where we are not root."""
    return run_as(OTHERS if os.geteuid() == 0 else None, command)


def account_home(account: Account | None) -> Path:
    """Where an account keeps what it has installed, apart from what others have."""
    return cache_home() / "accounts" / _number(account)


def private_models(account: Account | None) -> Path:
    """The folder of the models that an account alone may read. It is ours: no account can put anything there."""
    return cache_home() / "models" / "private" / _number(account)


def _number(account: Account | None) -> str:
    return str(os.geteuid() if account is None else account.uid)


def shared_folder(path: Path) -> Path:
    """A folder that everybody may read: caches hold nothing secret."""
    for folder in (*reversed(path.parents), path):
        if not folder.exists():
            folder.mkdir(exist_ok=True)
            folder.chmod(0o755)
    return path


def group_of(workspace: str) -> str:
    """The group of an environment's accounts, and the account of that name, which installs for them."""
    return _name(workspace, "")


def _name(workspace: str, component: str) -> str:
    digest = hashlib.sha256(f"{workspace}\0{component}".encode()).digest()
    return PREFIX + base64.b32encode(digest).decode().lower()[: LONGEST - len(PREFIX)]
