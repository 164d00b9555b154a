"""Has a mover's work done by a process of its own: see `working.py`. What a server answers has limits there.

Memory is limited, and so is silence: the time without a sign that the work goes on. A move may take hours.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import fields, is_dataclass
from functools import wraps
from inspect import signature
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar

from stackgen.contracts.model import Binding
from stackgen.contracts.surroundings import cleaned, refuse_missing_certificates
from stackgen.errors import ExitCode, Problem, StackgenError
from stackgen.moving.model import failed

if TYPE_CHECKING:
    from stackgen.apart import Line

P = ParamSpec("P")
R = TypeVar("R")
SILENCE = 600.0  # seconds without a sign that the work goes on
MORE = 4  # GiB of memory beyond what the process has at its start
MEMORY = "STACKGEN_MOVE_MEMORY"
WORKING = "stackgen.moving.working"
PARTS = 4
TO_END = 5.0  # seconds, more than the process takes for tidying up


def apart(function: Callable[P, R], component: str | None = None) -> Callable[P, R]:
    """The function of a module, run in a process of its own with an environment cleaned for the bindings it is given.

    Arguments and results are as its types say; a function among the arguments takes the progress, here. component:
    whose data it is, for messages. Raises what the function raises, if that is a StackgenError or a client library
    that is missing, and StackgenError(move-failed) when it takes too much memory, says nothing for too long, or fails.
    """

    @wraps(function)
    def run(*arguments: P.args, **options: P.kwargs) -> R:
        given = signature(function).bind(*arguments, **options).arguments
        return _Work(function, component, given).done()

    return run


class _Work:
    """One call. given: arguments by name."""

    def __init__(self, function: Callable[..., Any], component: str | None, given: Mapping[str, Any]) -> None:
        self.function = function
        self.component = component
        self.values = {name: value for name, value in given.items() if not callable(value)}
        self.reports = {name: value for name, value in given.items() if callable(value)}
        self.bindings = [value for value in given.values() if isinstance(value, Binding)]
        self.waited = SILENCE
        self.gib = memory_limit()

    def done(self) -> Any:
        """What the function has returned."""
        from stackgen.apart import starting

        refuse_missing_certificates(os.environ)
        environment = cleaned(os.environ, self.bindings)
        with starting.lines(WORKING, self._request(), environment, grace=TO_END) as lines:
            last = self._last(lines)
        return self._read(last)

    def _request(self) -> Line:
        return {
            "function": f"{self.function.__module__}:{self.function.__qualname__}",
            "arguments": _plain(self.values),
            "reports": list(self.reports),
            "more": int(self.gib * 1024**3),
            "silence": SILENCE,
        }

    def _last(self, lines: SimpleQueue[Line]) -> Line:
        """The line that ends the work; progress is passed on before."""
        within: float | None = SILENCE
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

        from stackgen.moving.working import returned

        if "result" in last:
            return returned(self.function).validate_python(last["result"])
        if "problems" in last:
            problems = TypeAdapter(list[Problem]).validate_python(last["problems"])
            raise StackgenError(problems, ExitCode(last["exit_code"]))
        if "missing" in last:
            raise ModuleNotFoundError(f"No module named {last['missing']!r}", name=last["missing"])
        message, hint = self._why(last)
        raise failed(f"{self._subject()}: {message}", hint)

    def _why(self, last: Line) -> tuple[str, str]:
        """What went wrong, and a hint."""
        if "memory" in last:
            more = f"`export {MEMORY}={2 * self.gib:g}`"
            return (
                f"what the servers answer takes more than {self.gib:g} GiB of memory; the rest was not read",
                f"look what answers there; where it really holds so much, {more}, and go on",
            )
        if "silent" in last:
            return (
                f"there was no progress for {_minutes(self.waited)}, so the move was ended",
                "look at what answers there and at its log, and go on when it answers again",
            )
        return (
            f"the process that moves data ended without a result: {last['failed']}",
            "look at what answers there and at its log, then go on",
        )

    def _subject(self) -> str:
        """Whose data it is, by what contract and at which servers."""
        whose = f"'{self.component}', " if self.component else ""
        contracts = ", ".join(dict.fromkeys(_contract(binding).name for binding in self.bindings))
        return f"{whose}{contracts} at {', '.join(dict.fromkeys(_places(self.bindings)))}"


def _next(lines: SimpleQueue[Line], within: float | None) -> Line | None:
    """The next line; None where there is none. It is waited for in parts, since this process may have been stopped."""
    if within is None:
        return lines.get()
    for _ in range(PARTS):
        with suppress(Empty):
            return lines.get(timeout=within / PARTS)
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


def _contract(binding: Binding) -> Any:
    """The contract of a binding stands beside its class."""
    return vars(sys.modules[type(binding).__module__])["CONTRACT"]


def _places(bindings: Iterable[Binding]) -> Iterator[str]:
    for binding in bindings:
        host, port = _contract(binding).reach(binding)
        yield f"{host}:{port}"


def _minutes(seconds: float) -> str:
    return f"{seconds / 60:.0f} min" if seconds >= 60 else f"{seconds:g} s"


def memory_limit() -> float:
    """How much memory a move may take; raises StackgenError(move-failed) for what is no number."""
    text = os.environ.get(MEMORY)
    try:
        found = float(text) if text else float(MORE)
    except ValueError:
        found = 0.0
    if not 0.25 <= found < 2**20:
        raise failed(f"{MEMORY} is '{text}', which is no number of GiB", f"`export {MEMORY}=8`, or unset it")
    return found
