"""Has probes run by a process that can be ended: see `probing.py`. One that is waited for too long ends with it."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from typing import Any

from stackgen.contracts import Binding
from stackgen.contracts.surroundings import clean_environment, refuse_missing_certificates
from stackgen.subprocesses import Line, starting
from stackgen.verification.probing import MEMORY_MESSAGE

MAX_CONCURRENT_PROBES = 8
MAX_PROBE_SECONDS = 600.0  # seconds for a clause; a server may send a byte now and then for ever
MAX_START_SECONDS = 300.0  # seconds until the first probe starts: client libraries are imported before
MAX_EXTRA_BYTES = 2 * 1024**3  # bytes beyond what the process has when its limit begins
PROBING_MODULE = "stackgen.verification.probing"


@dataclass(frozen=True)
class Task:
    """A clause to measure. values: the binding as exported."""

    contract: str
    clause: str
    binding: Binding
    values: Mapping[str, Any]


@dataclass(frozen=True)
class Observation:
    """Observation of a probe: whether the clause holds, a sentence, and the seconds that it took."""

    holds: bool
    sentence: str
    seconds: float


def measure_tasks(tasks: Sequence[Task]) -> Iterator[tuple[int, Observation]]:
    """The index of each task with what was seen, in the order in which they end.

    When one takes more than LONGEST seconds its process is ended, and the others that ran in it start anew.
    When a process ends by itself, its tasks start anew one after another, so that it is known which one does that.
    Raises StackgenError(no-certificates), and ModuleNotFoundError where a client library is not installed.
    """
    refuse_missing_certificates(os.environ)
    left = dict(enumerate(tasks))
    at_once = MAX_CONCURRENT_PROBES
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

    def results(self) -> Iterator[tuple[int, Observation]]:
        """Of tasks in the order in which they end; then of those that are to blame for the end of the process."""
        last: Line = {}
        environment = clean_environment(os.environ, (task.binding for task in self.tasks.values()))
        request = _request(self.tasks, self.at_once)
        with starting.run_module(PROBING_MODULE, request, environment) as lines:
            while self._left and not last:
                line = self._next(lines)
                if "started" in line:
                    self._running[line["started"]] = time.monotonic()
                elif "ended" in line:
                    number = line["ended"]
                    self._left.remove(number)
                    del self._running[number]
                    yield number, Observation(line["holds"], line["seen"], line["seconds"])
                else:
                    last = line
        if self._left:
            yield from self._blamed(last)

    def _next(self, lines: SimpleQueue[Line]) -> Line:
        now = time.monotonic()
        until = min(self._running.values()) + MAX_PROBE_SECONDS if self._running else now + MAX_START_SECONDS
        try:
            return lines.get(timeout=max(0.0, until - now))
        except Empty:
            return {"late": True}

    def _blamed(self, last: Line) -> Iterator[tuple[int, Observation]]:
        if "missing" in last:
            raise ModuleNotFoundError(f"No module named {last['missing']!r}", name=last["missing"])
        now = time.monotonic()
        if "late" in last:
            longest = MAX_PROBE_SECONDS * 0.9  # those that began a moment later too
            late = [number for number, start in self._running.items() if now - start >= longest]
            sentence = f"there was no whole answer within {MAX_PROBE_SECONDS:.0f} s"
        else:
            self.died = True
            late = [] if len(self._running) > 1 else list(self._running)
            reason = last.get("failed", MEMORY_MESSAGE)
            sentence = f"the process of the probe ended without an answer: {reason}"
        if not self._running:  # not even the first has started: it is the same for all
            late = sorted(self._left)
        for number in late:
            yield number, Observation(False, sentence, now - self._running.get(number, now))


def _request(tasks: Mapping[int, Task], at_once: int) -> Line:
    asked = [
        {"number": number, "contract": task.contract, "clause": task.clause, "binding": dict(task.values)}
        for number, task in tasks.items()
    ]
    return {"more": MAX_EXTRA_BYTES, "at_once": at_once, "tasks": asked}
