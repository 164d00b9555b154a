"""What runs on this machine for an environment: its processes' state and logs."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Protocol

from stackgen.providers.model import Status

PROGRAM = Path(__file__).parent / "program"


class _Resource(Protocol):
    @property
    def type(self) -> str: ...
    @property
    def outputs(self) -> dict[str, Any]: ...


@dataclass(frozen=True)
class Running:
    """One process. state: as supervisord names it. memory: resident bytes of it and its children; uptime: seconds."""

    name: str
    state: str
    pid: int
    memory: int
    uptime: int


def status(resources: Iterable[_Resource]) -> Status:
    """Every process of the environment; none if its supervisor does not run."""
    running = _running(resources)
    rows = [
        (item.name, item.state, str(item.pid), f"{item.memory / 1e6:.0f} MB", f"{item.uptime} s")
        for item in running
    ]
    total = f"{sum(item.memory for item in running) / 1e6:.0f} MB"
    rows += [("all", "", "", total, "")] if rows else []
    header = ("process", "state", "pid", "memory", "up for")
    return Status(header, tuple(rows), tuple(asdict(item) for item in running), f"{len(running)} processes")


def _running(resources: Iterable[_Resource]) -> list[Running]:
    supervisord = _client()
    folder = workspace(resources)
    if folder is None:
        return []
    try:
        found: list[dict[str, Any]] = supervisord.call(str(folder), "getAllProcessInfo")
    except supervisord.Unreachable:
        return []
    return [
        Running(
            item["name"], item["statename"], item["pid"], _memory(item["pid"]), item["now"] - item["start"]
        )
        for item in sorted(found, key=lambda item: item["name"])
    ]


def logs(resources: Iterable[_Resource]) -> dict[str, Path]:
    """Process → its log file."""
    folder = workspace(resources)
    return {} if folder is None else {path.stem: path for path in sorted((folder / "logs").glob("*.log"))}


def workspace(resources: Iterable[_Resource]) -> Path | None:
    """The environment's folder; None if it is not deployed."""
    for resource in resources:
        if resource.type.endswith("local:Supervisor"):
            return Path(str(resource.outputs["directory"]))
    return None


def _client() -> Any:
    if str(PROGRAM) not in sys.path:
        sys.path.insert(0, str(PROGRAM))
    from local_provider import supervisord

    return supervisord


def _memory(pid: int) -> int:
    import psutil

    try:
        process = psutil.Process(pid)
        return sum(item.memory_info().rss for item in (process, *process.children(recursive=True)))
    except psutil.Error:
        return 0
