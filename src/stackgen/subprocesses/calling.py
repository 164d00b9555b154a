"""Has a function called by a process of its own: see `working.py`. What servers answer has limits there.

Memory is limited, and so is silence: the time without a sign that the work goes on. A move may take hours.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, fields, is_dataclass
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, Any, TypeVar

from stackgen.errors import ExitCode, Problem, StackgenError

if TYPE_CHECKING:
    from stackgen.subprocesses import Line

R = TypeVar("R")
MAX_SILENCE_SECONDS = 600.0  # seconds without a sign that the work goes on
DEFAULT_MEMORY_GIB = 4  # GiB of memory beyond what the process has at its start
RESULT_SHARE = 8  # of that memory a result may be one part: read, it takes several times its length here
MEMORY_VARIABLE = "STACKGEN_MOVE_MEMORY"
WORKER_MODULE = "stackgen.subprocesses.working"
POLLS_PER_SILENCE = 4
END_SECONDS = 5.0  # seconds, more than the process takes for tidying up


@dataclass(frozen=True)
class TaskDescription:
    """Words of messages about a task. code: of the error if it fails. process: the task as a verb, such as "asks them".

    name: of the work. again: how it is repeated.
    """

    code: str
    process: str
    name: str
    again: str


def call_isolated(
    function: Callable[..., R],
    arguments: Mapping[str, Any],
    words: TaskDescription,
    subject: str,
    environment: Mapping[str, str],
) -> R:
    """Call a function of a module in a separate process with the environment, and return its result.

    arguments: by name; they and the result are as the function's types say. A function among them takes the
    progress, here. subject: what the work is about, in front of messages. Raises what the function raises, if that is
    a StackgenError or a client library that is missing, and a StackgenError when it takes too much memory, says
    nothing for too long, or fails.
    """
    return _Work(function, arguments, words, subject).done(environment)


class _Work:
    """One call. given: arguments by name."""

    def __init__(
        self, function: Callable[..., Any], given: Mapping[str, Any], words: TaskDescription, subject: str
    ) -> None:
        self.function = function
        self.words = words
        self.subject = subject
        self.values = {name: value for name, value in given.items() if not callable(value)}
        self.reports = {name: value for name, value in given.items() if callable(value)}
        self.waited = MAX_SILENCE_SECONDS
        self.gib = memory_limit()

    def done(self, environment: Mapping[str, str]) -> Any:
        """What the function has returned."""
        from stackgen.subprocesses import starting

        longest = int(self.gib * 1024**3 / RESULT_SHARE)
        with starting.run_module(
            WORKER_MODULE, self._request(), environment, grace=END_SECONDS, longest=longest
        ) as lines:
            last = self._last(lines)
        return self._read(last)

    def _request(self) -> Line:
        return {
            "function": f"{self.function.__module__}:{self.function.__qualname__}",
            "arguments": _plain(self.values),
            "reports": list(self.reports),
            "more": int(self.gib * 1024**3),
            "silence": MAX_SILENCE_SECONDS,
        }

    def _last(self, lines: SimpleQueue[Line]) -> Line:
        """The line that ends the work; progress is passed on before."""
        within: float | None = MAX_SILENCE_SECONDS
        while True:
            line = _next(lines, within)
            if line is None:
                self.waited = within or 0.0
                return {"silent": True}
            if "said" in line:
                for report in self.reports.values():
                    report(line["said"])
            elif "within" in line:
                within = line["within"]
            elif "alive" not in line:
                return line

    def _read(self, last: Line) -> Any:
        """The result, or the error in its place."""
        from pydantic import TypeAdapter

        from stackgen.subprocesses.working import result_type

        if "result" in last:
            return result_type(self.function).validate_python(last["result"])
        if "problems" in last:
            problems = TypeAdapter(list[Problem]).validate_python(last["problems"])
            raise StackgenError(problems, ExitCode(last["exit_code"]))
        if "missing" in last:
            raise ModuleNotFoundError(f"No module named {last['missing']!r}", name=last["missing"])
        message, hint = self._why(last)
        problem = Problem(self.words.code, f"{self.subject}: {message}", hint=hint)
        raise StackgenError(problem, ExitCode.DEPLOYMENT)

    def _why(self, last: Line) -> tuple[str, str]:
        """What went wrong, and a hint."""
        if "memory" in last:
            more = f"`export {MEMORY_VARIABLE}={2 * self.gib:g}`"
            return (
                f"what the servers answer takes more than {self.gib:g} GiB of memory; the rest was not read",
                f"look what answers there; where it really holds so much, {more}, and {self.words.again}",
            )
        if "silent" in last:
            return (
                f"there was no progress for {_minutes(self.waited)}, so the {self.words.name} was ended",
                f"look at what answers there and at its log, and {self.words.again} when it answers again",
            )
        return (
            f"the process that {self.words.process} ended without a result: {last['failed']}",
            f"look at what answers there and at its log, then {self.words.again}",
        )


def _next(lines: SimpleQueue[Line], within: float | None) -> Line | None:
    """The next line; None where there is none. It is waited for in parts, since this process may have been stopped."""
    if within is None:
        return lines.get()
    for _ in range(POLLS_PER_SILENCE):
        with suppress(Empty):
            return lines.get(timeout=within / POLLS_PER_SILENCE)
    return None


def _plain(value: Any) -> Any:
    """For JSON, with secrets in clear."""
    from pydantic import BaseModel, SecretStr

    if isinstance(value, SecretStr):
        return value.get_secret_value()
    if isinstance(value, BaseModel):
        return _plain(dict(value))
    if is_dataclass(value):
        return {field.name: _plain(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, Mapping):
        return {key: _plain(item) for key, item in value.items()}  # pyright: ignore[reportUnknownVariableType]
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]  # pyright: ignore[reportUnknownVariableType]
    return value


def _minutes(seconds: float) -> str:
    return f"{seconds / 60:.0f} min" if seconds >= 60 else f"{seconds:g} s"


def memory_limit() -> float:
    """GiB of memory that work may take; raises StackgenError(move-memory) for what is no number."""
    text = os.environ.get(MEMORY_VARIABLE)
    try:
        found = float(text) if text else float(DEFAULT_MEMORY_GIB)
    except ValueError:
        found = 0.0
    if not 0.25 <= found < 2**20:
        message = f"{MEMORY_VARIABLE} is '{text}', which is no number of GiB"
        raise StackgenError(
            Problem("move-memory", message, hint=f"`export {MEMORY_VARIABLE}=8`, or unset it")
        )
    return found
