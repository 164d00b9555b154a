"""stackgen run: any command with the bindings in its environment."""

from __future__ import annotations

import os
import shutil
import subprocess
import threading
from argparse import Namespace
from collections.abc import Mapping, Sequence

from stackgen.cli.console import Answer, Console
from stackgen.cli.environment import open_named_environment
from stackgen.errors import ExitCode, Problem, StackgenError


def run(arguments: Namespace, console: Console) -> Answer:
    """Run it; its exit code is ours. Variables that would contradict a binding are not handed on."""
    from stackgen.contracts.projection import environment_variables, plain_bindings
    from stackgen.contracts.surroundings import command_environment

    command: list[str] = arguments.rest
    if not command:
        raise StackgenError(Problem("usage", "there is no command to run", hint="write it after `--`"))
    if shutil.which(command[0]) is None:
        message = f"there is no program '{command[0]}'"
        raise StackgenError(Problem("no-program", message), ExitCode.NOT_FOUND)
    shell = dict(os.environ)  # what the engine sets for itself is not for the command
    environment = open_named_environment(arguments)
    exported = environment.bindings()
    for sentence in environment.plan_without_checks().name_warnings:
        console.say(f"warning: {sentence}")
    running = _Running()
    with environment.reachable_bindings(exported, running.stop) as bindings:
        environment.refuse_foreign(exported)
        variables = {
            **command_environment(shell, plain_bindings(bindings)),
            **environment_variables(bindings),
        }
        code = running.run(command, variables)
    return Answer(exit_code=code)


class _Running:
    """The command while it runs; another thread may stop it, once its bindings lead nowhere any more."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None
        self._stopped = threading.Event()

    def run(self, command: Sequence[str], variables: Mapping[str, str]) -> int:
        """Its exit code."""
        with subprocess.Popen(command, env=variables) as process:
            self._process = process
            try:
                if self._stopped.is_set():
                    process.terminate()
                return process.wait()
            except BaseException:
                process.kill()
                raise

    def stop(self) -> None:
        """End it, or do not let it begin."""
        self._stopped.set()
        if self._process is not None:
            self._process.terminate()
