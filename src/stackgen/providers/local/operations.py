"""Processes of an environment on this machine: their state and logs."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterable
from contextlib import AbstractContextManager
from dataclasses import asdict, dataclass
from importlib import import_module
from pathlib import Path
from typing import Any, BinaryIO, Protocol

from stackgen.descriptors.provider import Status

PROGRAM = Path(__file__).parent / "program"
UNSUPERVISED = "UNSUPERVISED"


class _Resource(Protocol):
    @property
    def type(self) -> str: ...
    @property
    def outputs(self) -> dict[str, Any]: ...


@dataclass(frozen=True)
class Running:
    """One process. memory: resident bytes of it and its children; uptime: seconds.

    state: as supervisord names it; NOT SERVING if neither it nor its children listen on its port; UNSUPERVISED if its
    supervisor does not run, so that nothing would restart it.
    """

    name: str
    state: str
    pid: int
    memory: int
    uptime: int


def status(resources: Iterable[_Resource]) -> Status:
    """Return every process of the environment."""
    running = _running(resources)
    rows = [
        (item.name, item.state, str(item.pid), f"{item.memory / 1e6:.0f} MB", f"{item.uptime} s")
        for item in running
    ]
    total = f"{sum(item.memory for item in running) / 1e6:.0f} MB"
    rows += [("all", "", "", total, "")] if rows else []
    header = ("process", "state", "pid", "memory", "up for")
    alone = any(item.state == UNSUPERVISED for item in running)
    return Status(
        header,
        tuple(rows),
        tuple(asdict(item) for item in running),
        f"{len(running)} processes",
        fault="the supervisor does not run, so no server is restarted when it ends" if alone else "",
    )


def _running(resources: Iterable[_Resource]) -> list[Running]:
    resources = list(resources)
    supervisord, folder = _module("supervisord"), workspace(resources)
    if folder is None:
        return []
    try:
        found: list[dict[str, Any]] = supervisord.call(str(folder), "getAllProcessInfo")
    except supervisord.Unreachable:
        return [_unsupervised(*item) for item in sorted(_module("orphans").servers(str(folder)).items())]
    return [
        Running(
            item["name"],
            _state(item, _health(resources, item["name"])),
            item["pid"],
            _memory(item["pid"]),
            item["now"] - item["start"],
        )
        for item in sorted(found, key=lambda item: item["name"])
    ]


def _unsupervised(name: str, process: Any) -> Running:
    return Running(
        name, UNSUPERVISED, process.pid, _memory(process.pid), int(time.time() - process.create_time())
    )


def _health(resources: Iterable[_Resource], name: str) -> dict[str, Any]:
    """Return the deployed health check of the process; {} if it is not deployed."""
    found = (item.outputs for item in resources if item.type.endswith("local:Process"))
    return next((dict(item.get("health") or {}) for item in found if item.get("name") == name), {})


def _state(item: dict[str, Any], health: dict[str, Any]) -> str:
    running = item["statename"] == "RUNNING"
    return (
        item["statename"]
        if not running or _module("listening").serves(item["pid"], health)
        else "NOT SERVING"
    )


def foreign(
    resources: Iterable[_Resource], addresses: Iterable[tuple[str, int]], *, required: bool = True
) -> dict[tuple[str, int], str]:
    """Return address → description of another process that listens there, for addresses of this machine.

    Such a process may belong to any user, so nothing is sent to it. It is any process at an address at which the
    environment has no server, as after `down`, or whose server did not start. An address at which nothing listens is
    included if a server is required there.
    """
    import psutil

    listening, processes = _module("listening"), _processes(resources)
    here = [(host, port) for host, port in addresses if host in listening.LOOPBACK]
    try:
        known = listening.listeners()
    except psutil.AccessDenied:  # macOS tells only root
        return {}
    found: dict[tuple[str, int], str] = {}
    for host, port in here:
        expected = {processes[port]} if port in processes else set[int]()
        users = listening.users_at(host, port, known)
        if required and not users:
            found[host, port] = f"no server listens at {host}:{port}; see `stackgen status`"
        elif users - expected:
            who = listening.holder(port)
            found[host, port] = f"another process listens at {host}:{port}{who}; it is sent nothing"
    return found


def _processes(resources: Iterable[_Resource]) -> dict[int, int]:
    """Return port of a server's health check → number of the user that the server runs as."""
    listening, accounts = _module("listening"), _module("service_accounts")
    found: dict[int, int] = {}
    for item in resources:
        if item.type.endswith("local:Process"):
            port = listening.health_port(dict(item.outputs.get("health") or {}))
            account = accounts.existing_account(item.outputs.get("account"))
            if port is not None:
                found[port] = os.geteuid() if account is None else account.uid
    return found


def open_log(path: Path) -> AbstractContextManager[BinaryIO]:
    """Open a log for reading; raises OSError if the path is a link or a pipe."""
    return _module("workspace_files").open_file(path)


def logs(resources: Iterable[_Resource]) -> dict[str, Path]:
    """Return process → log file."""
    folder = workspace(resources)
    if folder is None:
        return {}
    found = _module("workspace_files").list_folder(folder / "logs")
    return {name.removesuffix(".log"): folder / "logs" / name for name in found if name.endswith(".log")}


def workspace(resources: Iterable[_Resource]) -> Path | None:
    """Return the environment's folder; None if it is not deployed."""
    for resource in resources:
        if resource.type.endswith("local:Supervisor"):
            return Path(str(resource.outputs["directory"]))
    return None


def _module(name: str) -> Any:
    """Import a module that is copied into programs, so that both read a workspace in the same way."""
    if str(PROGRAM) not in sys.path:
        sys.path.insert(0, str(PROGRAM))
    return import_module(f"local_provider.{name}")


def _memory(pid: int) -> int:
    import psutil

    try:
        process = psutil.Process(pid)
        return sum(item.memory_info().rss for item in (process, *process.children(recursive=True)))
    except psutil.Error:
        return 0
