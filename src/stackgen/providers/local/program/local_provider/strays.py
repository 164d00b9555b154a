"""Processes that a component has left behind: they would get what the next start gives to the component's account.

They are known by their user, since a process can drop its variables, its session and its parent.
"""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

import psutil

from local_provider import supervisord
from local_provider.account import SHARED, Account, account_name
from local_provider.failure import LocalFailure
from local_provider.listening import family
from local_provider.service_accounts import PATIENCE, existing_account, running_as, signal_all


def end_strays(props: Mapping[str, Any]) -> None:
    """End all that runs as the account of a stopped server or job, and belongs to no server that is supervised.

    A server that shares its component's account with others leaves this to the one that is called as the component.
    Raises LocalFailure where a process stays.
    """
    workspace, name = str(props["workspace"]), str(props["name"])
    wanted = props.get("account")
    if os.environ.get(SHARED) or wanted is None or wanted != account_name(workspace, name):
        return
    account = existing_account(wanted)
    if account is None or account.uid == os.geteuid():
        return
    deadline = time.monotonic() + PATIENCE
    while strays := _end(account, workspace):
        if time.monotonic() > deadline:
            numbers = ", ".join(str(process.pid) for process in strays)
            raise LocalFailure(
                f"{name}: the processes {numbers} of its account '{account.name}' can't be ended"
            )


def _end(account: Account, workspace: str) -> list[psutil.Process]:
    """Kill the strays of an account, and return them.

    All that runs as the account is stopped meanwhile: one that starts another and ends all the time is in no list.
    """
    signal_all(account, signal.SIGSTOP)
    try:
        running = running_as(account)
        supervised = _supervised(workspace) if running else set[int]()
        strays = [process for process in running if process.pid not in supervised]
        for process in strays:
            with suppress(psutil.Error):
                process.kill()
    finally:
        signal_all(account, signal.SIGCONT)
    psutil.wait_procs(strays, timeout=5)
    return strays


def _supervised(workspace: str) -> set[int]:
    """Numbers of the processes of every server that the supervisor runs."""
    try:
        servers: list[dict[str, Any]] = supervisord.call(workspace, "getAllProcessInfo")
    except supervisord.Unreachable:
        return set()
    return {process.pid for server in servers if server["pid"] for process in family(int(server["pid"]))}
