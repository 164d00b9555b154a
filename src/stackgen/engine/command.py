"""Runs `pulumi` so that it is cancelled, never torn off, when the user or the system ends stackgen.

`pulumi` gets a group of its own, so that a terminal's Ctrl-C reaches it once, through us. It writes to files, because a
pipe without a reader would kill it. The kernel sends it SIGINT when stackgen is killed: it then begins nothing new,
ends what runs, writes its state and gives its lock back.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import IO

import grpc
from pulumi.automation import CommandResult, PulumiCommand
from pulumi.automation.errors import create_command_error

from stackgen.engine.host.pulumi_guard import peers
from stackgen.progress import Progress, silent

# 1 is PR_SET_PDEATHSIG, 2 is SIGINT; the parent may have ended before the call.
_START = """\
import ctypes, os, sys
ctypes.CDLL(None).prctl(1, 2)
if os.getppid() != int(sys.argv[1]):
    sys.exit(130)
os.execv(sys.argv[2], sys.argv[2:])
"""
KILL_AFTER_SECONDS = 20  # seconds for `pulumi` to end after a second Ctrl-C

Listener = Callable[[str], object]


class EngineKilled(Exception):
    """`pulumi` did not end by itself. signal: what ended it."""

    def __init__(self, number: int) -> None:
        super().__init__(f"ended by signal {number}")
        self.signal = number


class EngineCommand(PulumiCommand):
    """The `pulumi` in `root`; `progress` hears what a cancellation waits for."""

    def __init__(self, root: Path, progress: Progress = silent) -> None:
        super().__init__(root=str(root), skip_version_check=True)
        grpc.server = peers.server  # the Automation API hears the engine's events on a port of this process
        self.progress = progress

    def run(
        self,
        args: list[str],
        cwd: str,
        additional_env: Mapping[str, str],
        on_output: Listener | None = None,
        on_error: Listener | None = None,
    ) -> CommandResult:
        """Run one command to its end; raises CommandError, EngineKilled, or KeyboardInterrupt once it has ended."""
        bin_folder = str(Path(self.command).parent)
        variables = {**os.environ, **additional_env, "PULUMI_AUTOMATION_API": "true"}
        variables["PATH"] = f"{bin_folder}{os.pathsep}{variables['PATH']}"
        if "--non-interactive" not in args:
            args.append("--non-interactive")
        with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
            process = subprocess.Popen(
                [*_ending_with_us(), self.command, *args],
                cwd=cwd,
                env=variables,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=err,
                process_group=0,
            )
            code = self._wait(process)
            result = CommandResult(_lines(out, on_output), _lines(err, on_error), code)
        if code < 0:
            raise EngineKilled(-code)
        if code:
            raise create_command_error(result)
        return result

    def _wait(self, process: subprocess.Popen[bytes]) -> int:
        try:
            return process.wait()
        except KeyboardInterrupt:
            self._cancel(process)
            raise

    def _cancel(self, process: subprocess.Popen[bytes]) -> None:
        """Once asks `pulumi` to end what runs; a second Ctrl-C to leave it; then it is killed."""
        self.progress("cancelling: waiting for what has begun; Ctrl-C again to leave it")
        for patience, number in (
            (None, signal.SIGINT),
            (KILL_AFTER_SECONDS, signal.SIGINT),
            (None, signal.SIGKILL),
        ):
            process.send_signal(number)
            try:
                process.wait(patience)
            except (KeyboardInterrupt, subprocess.TimeoutExpired):
                continue
            return


def _ending_with_us() -> list[str]:
    """What starts a command so that it gets SIGINT when the thread that starts it is gone: the main one, with all.

    Not by `preexec_fn`: that forks, and a fork of a process with gRPC in it can abort.
    """
    if not sys.platform.startswith("linux") or threading.current_thread() is not threading.main_thread():
        return []
    return [sys.executable, "-I", "-S", "-c", _START, str(os.getpid())]


def _lines(file: IO[bytes], listener: Listener | None) -> str:
    """What was written, line by line to the listener too."""
    file.seek(0)
    lines = [line.rstrip() for line in file.read().decode("utf-8", "replace").splitlines()]
    if listener is not None:
        for line in lines:
            listener(line)
    return "\n".join(lines)
