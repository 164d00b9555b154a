"""stackgen logs: what components have written."""

from __future__ import annotations

import os
import subprocess
import time
from argparse import Namespace
from pathlib import Path
from typing import Any

from stackgen.cli.console import Answer, Console
from stackgen.cli.environment import open_named_environment
from stackgen.errors import ExitCode, Problem, StackgenError, did_you_mean
from stackgen.printable import printable

MAX_LOG_BYTES = 16 * 1024**2  # bytes of a log: a job can make its own as long as it likes


def run(arguments: Namespace, console: Console) -> Answer:
    """The last lines of each log, and with --follow what comes after."""
    environment = open_named_environment(arguments)
    resources = environment.resources()
    component = environment.resource_name(arguments.component)
    operations = environment.operations()
    if operations is not None and hasattr(operations, "log_command"):
        return _printed(operations.log_command(resources, component, arguments.lines, arguments.follow))
    files: dict[str, Path] = operations.logs(resources) if operations is not None else {}
    if component:
        wanted = component
        chosen = {
            name: path for name, path in files.items() if name == wanted or name.startswith(f"{wanted}-")
        }
        if not chosen:
            message = f"there is no log of '{wanted}'"
            problem = Problem("no-log", message, None, did_you_mean(wanted, list(files)), tuple(files))
            raise StackgenError(problem, ExitCode.NOT_FOUND)
        files = chosen
    lines = {name: _tail(operations, path, arguments.lines) for name, path in files.items()}
    if arguments.follow:
        _follow(operations, files, lines)
    text = "\n".join(f"{name}: {line}" for name, found in lines.items() for line in found)
    return Answer(lines, text, stack=environment.stack_name, environment=environment.name)


def _printed(command: list[str]) -> Answer:
    """Let the provider's own tool print them."""
    return Answer(exit_code=subprocess.run(command, check=False).returncode if command else ExitCode.OK)


def _tail(operations: Any, path: Path, lines: int) -> list[str]:
    try:
        with operations.open_log(path) as stream:
            stream.seek(max(0, os.fstat(stream.fileno()).st_size - MAX_LOG_BYTES))
            return stream.read(MAX_LOG_BYTES).decode("utf-8", "replace").splitlines()[-lines:]
    except OSError as error:
        return [f"({path} can't be read: {error.strerror})"]


def _follow(operations: Any, files: dict[str, Path], lines: dict[str, list[str]]) -> None:
    """Print until Ctrl-C."""
    for name, found in lines.items():
        for line in found:
            print(printable(f"{name}: {line}"), flush=True)
    places = {name: _size(path) for name, path in files.items()}
    while True:
        for name, path in files.items():
            size = _size(path)
            if size > places[name]:
                _print_from(operations, name, path, places[name])
            places[name] = size
        time.sleep(0.3)


def _print_from(operations: Any, name: str, path: Path, place: int) -> None:
    try:
        with operations.open_log(path) as stream:
            stream.seek(max(place, os.fstat(stream.fileno()).st_size - MAX_LOG_BYTES))
            for line in stream.read(MAX_LOG_BYTES).splitlines(keepends=True):
                print(printable(f"{name}: {line.decode('utf-8', 'replace')}"), end="", flush=True)
    except OSError:
        return  # it is being replaced; the next round looks again


def _size(path: Path) -> int:
    try:
        return path.lstat().st_size
    except OSError:
        return 0
