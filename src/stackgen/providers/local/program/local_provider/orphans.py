"""Processes of a workspace that are no longer supervised, after a supervisor or an update was killed."""

from __future__ import annotations

import os
from collections.abc import Callable

import psutil

from local_provider import proc_files
from local_provider.account import is_servers_account

WORKSPACE = "STACKGEN_WORKSPACE"
PROCESS = "STACKGEN_PROCESS"


def end_orphans(workspace: str, name: str | None = None) -> None:
    """End every process started for `workspace` (and `name`, if given); politely first, then for sure."""
    found = [process for process in psutil.process_iter() if _belongs(process, workspace, name)]
    for process in found:
        _quietly(process.terminate)
    _, alive = psutil.wait_procs(found, timeout=5)
    for process in alive:
        _quietly(process.kill)
    psutil.wait_procs(alive, timeout=5)


def servers(workspace: str) -> dict[str, psutil.Process]:
    """Name → first process of each server that runs for `workspace`, supervised or not."""
    found: dict[str, psutil.Process] = {}
    for process in sorted(psutil.process_iter(), key=lambda item: item.pid):
        variables = _variables(process)
        name = variables.get(PROCESS)
        if name is not None and variables.get(WORKSPACE) == workspace and not _is_worker(process, name):
            found.setdefault(name, process)
    return found


def _is_worker(process: psutil.Process, name: str) -> bool:
    """Whether another process of the same server has started it."""
    try:
        parent = process.parent()
    except psutil.Error:
        return False
    return parent is not None and _variables(parent).get(PROCESS) == name


def _variables(process: psutil.Process) -> dict[str, str]:
    """Of a process that is ours or a server's: any user can give a process any variables."""
    try:
        user = process.uids().real
        return proc_files.variables(process) if user == os.geteuid() or is_servers_account(user) else {}
    except (psutil.Error, OSError):
        return {}


def _belongs(process: psutil.Process, workspace: str, name: str | None) -> bool:
    variables = _variables(process)
    try:
        command = proc_files.words(process) if name is None and variables else []
    except (psutil.Error, OSError):
        return False
    if f"{workspace}/supervisor/supervisord.conf" in command:
        return True  # a supervisor that can't be asked to end, since its socket is gone
    return variables.get(WORKSPACE) == workspace and name in (None, variables.get(PROCESS))


def _quietly(act: Callable[[], None]) -> None:
    try:
        act()
    except psutil.Error:
        pass
