"""Has probes run by a process that can be ended: see `probing.py`. One that is waited for too long ends with it."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from typing import Any

from stackgen.apart import Line, starting
from stackgen.contracts import Binding
from stackgen.contracts.surroundings import cleaned, refuse_missing_certificates
from stackgen.verification.probing import FULL

AT_ONCE = 8
LONGEST = 600.0  # seconds for a clause; a server may send a byte now and then for ever
TO_START = 300.0  # seconds until the first probe starts: client libraries are imported before
MORE = 2 * 1024**3  # bytes beyond what the process has when its limit begins
PROBING = "stackgen.verification.probing"


@dataclass(frozen=True)
class Task:
    """A clause to measure. values: the binding as exported."""

    contract: str
    clause: str
    binding: Binding
    values: Mapping[str, Any]


@dataclass(frozen=True)
class Seen:
    """Whether a clause holds, what its probe saw, as a sentence, and after how many seconds."""

    holds: bool
    sentence: str
    seconds: float


def measure(tasks: Sequence[Task]) -> Iterator[tuple[int, Seen]]:
    """The index of each task with what was seen, in the order in which they end.

    When one takes more than LONGEST seconds its process is ended, and the others that ran in it start anew.
    When a process ends by itself, its tasks start anew one after another, so that it is known which one does that.
    Raises StackgenError(no-certificates), and ModuleNotFoundError where a client library is not installed.
    """
    refuse_missing_certificates(os.environ)
    left = dict(enumerate(tasks))
    at_once = AT_ONCE
    while left:
        one = _Process(dict(left), at_once)
        for number, seen in one.results():
            del left[number]
            yield number, seen
        at_once = 1 if one.died else at_once


class _Process:
    """One process that measures tasks until all have ended, or it has. died: it ended by itself."""

    def __init__(self, tasks: Mapping[int, Task], at_once: int) -> None:
        self.tasks, self.at_once = tasks, at_once
        self.died = False
        self._left = set(tasks)
        self._running: dict[int, float] = {}

    def results(self) -> Iterator[tuple[int, Seen]]:
        """Of tasks in the order in which they end; then of those that are to blame for the end of the process."""
        last: Line = {}
        environment = cleaned(os.environ, (task.binding for task in self.tasks.values()))
        request = _request(self.tasks, self.at_once)
        with starting.lines(PROBING, request, environment) as lines:
            while self._left and not last:
                line = self._next(lines)
                if "started" in line:
                    self._running[line["started"]] = time.monotonic()
                elif "ended" in line:
                    number = line["ended"]
                    self._left.remove(number)
                    del self._running[number]
                    yield number, Seen(line["holds"], line["seen"], line["seconds"])
                else:
                    last = line
        if self._left:
            yield from self._blamed(last)

    def _next(self, lines: SimpleQueue[Line]) -> Line:
        now = time.monotonic()
        until = min(self._running.values()) + LONGEST if self._running else now + TO_START
        try:
            return lines.get(timeout=max(0.0, until - now))
        except Empty:
            return {"late": True}

    def _blamed(self, last: Line) -> Iterator[tuple[int, Seen]]:
        if "missing" in last:
            raise ModuleNotFoundError(f"No module named {last['missing']!r}", name=last["missing"])
        now = time.monotonic()
        if "late" in last:
            longest = LONGEST * 0.9  # those that began a moment later too
            late = [number for number, start in self._running.items() if now - start >= longest]
            sentence = f"there was no whole answer within {LONGEST:.0f} s"
        else:
            self.died = True
            late = [] if len(self._running) > 1 else list(self._running)
            reason = last.get("failed", FULL)
            sentence = f"the process of the probe ended without an answer: {reason}"
        if not self._running:  # not even the first has started: it is the same for all
            late = sorted(self._left)
        for number in late:
            yield number, Seen(False, sentence, now - self._running.get(number, now))


def _request(tasks: Mapping[int, Task], at_once: int) -> Line:
    asked = [
        {"number": number, "contract": task.contract, "clause": task.clause, "binding": dict(task.values)}
        for number, task in tasks.items()
    ]
    return {"more": MORE, "at_once": at_once, "tasks": asked}
