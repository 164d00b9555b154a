"""Ends servers of the engine that an engine which was killed has left behind."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

from stackgen.homes import cache_home
from stackgen.progress import Progress

TYPE_CHECKING = False
if TYPE_CHECKING:
    from psutil import Process

LAUNCHERS = ("pulumi-resource-pulumi-python", "pulumi-language-python", "pulumi_language_python.py")
GUARD = ("pulumi_guard", "provider.py")
MODULE = ["-m", "pulumi.dynamic"]
END_SECONDS = 3  # seconds


def end_leftovers(progress: Progress) -> None:
    """End what is left, with everything that it started in its own group; says how many there were."""
    import psutil

    left = list(_left())
    if not left:
        return
    family = {member for process in left for member in (process, *_group(process))}
    for process in family:
        _quietly(process.terminate)
    _, alive = psutil.wait_procs(family, timeout=END_SECONDS)
    for process in alive:
        _quietly(process.kill)
    psutil.wait_procs(alive, timeout=END_SECONDS)
    progress(f"ended {len(left)} of the engine's servers that an interrupted command had left")


def _left() -> Iterator[Process]:
    """Servers of this user, started from our cache's engines, whose engine is gone: the first process has them."""
    import psutil

    if psutil.Process(1).name() == "pulumi":  # an engine that is the first process of its container
        return
    for process in psutil.process_iter():
        try:
            if process.ppid() == 1 and set(process.uids()) == {os.geteuid()} and _is_server(process):
                yield process
        except psutil.Error:
            continue


def _is_server(process: Process) -> bool:
    """By the path of what runs; Pulumi's own module is started by name, with the engine's folder in its PATH."""
    engines = cache_home() / "engine"
    words = process.cmdline()
    for word in words:
        path = Path(word)
        if path.is_relative_to(engines) and (path.name in LAUNCHERS or path.parts[-2:] == GUARD):
            return True
    if words[2:4] != MODULE:  # python -u -m pulumi.dynamic
        return False
    return any(
        Path(part).is_relative_to(engines) for part in process.environ().get("PATH", "").split(os.pathsep)
    )


def _group(leader: Process) -> list[Process]:
    """What `leader` has started, and the other processes of the group that it leads."""
    import psutil

    members: list[Process] = []
    for process in psutil.process_iter():
        try:
            if process.pid != leader.pid and os.getpgid(process.pid) == leader.pid:
                members.append(process)
        except (ProcessLookupError, PermissionError):
            continue
    try:
        return [*members, *leader.children(recursive=True)]
    except psutil.Error:
        return members


def _quietly(act: Callable[[], object]) -> None:
    import psutil

    try:
        act()
    except psutil.Error:
        pass
