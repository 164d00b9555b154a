"""Cases measured in turn, round after round, so that whatever else the machine does hits all of them alike."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pyperf

LAUNCH = Path(__file__).with_name("launch.py")


@dataclass(frozen=True)
class Case:
    """One command. size: components, 0 where that means nothing. before: what is done first, and not timed.

    rounds: at most so many. environment: variables beside the caller's.
    """

    tool: str
    what: str
    size: int
    command: Sequence[str]
    folder: Path
    before: Callable[[], None] = lambda: None
    rounds: int = 100
    environment: Mapping[str, str] = field(default_factory=dict[str, str])

    @property
    def name(self) -> str:
        """Unique name, such as `helm generate 100`."""
        return f"{self.tool} {self.what} {self.size}" if self.size else f"{self.tool} {self.what}"


@dataclass
class Samples:
    """What one case took, round by round: seconds, seconds, bytes."""

    wall: list[float] = field(default_factory=list[float])
    cpu: list[float] = field(default_factory=list[float])
    memory: list[int] = field(default_factory=list[int])


def measure(cases: Sequence[Case], rounds: int, say: Callable[[str], None]) -> dict[str, Samples]:
    """Samples by case. One run of each comes first and does not count. Raises RuntimeError if a command fails."""
    found = {case.name: Samples() for case in cases}
    order = random.Random(1)  # noqa: S311 - the same order on every machine
    for number in range(rounds + 1):
        turn = [case for case in cases if number <= case.rounds]
        order.shuffle(turn)
        say(
            f"round {number} of {rounds}: {len(turn)} commands"
            if number
            else f"warming up {len(turn)} commands"
        )
        for case in turn:
            wall, cpu, memory = _run(case)
            if number:
                found[case.name].wall.append(wall)
                found[case.name].cpu.append(cpu)
                found[case.name].memory.append(memory)
    return found


def _run(case: Case) -> tuple[float, float, int]:
    case.before()
    result, output = case.folder / "launch.json", case.folder / "output.txt"
    command = [sys.executable, "-I", "-S", str(LAUNCH), str(result), str(output), *case.command]
    # byte code is kept, as it is for anybody who has installed these tools
    inherited = {key: value for key, value in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"}
    subprocess.run(command, cwd=case.folder, env={**inherited, **case.environment}, check=True)
    found = json.loads(result.read_text())
    if found["code"]:
        raise RuntimeError(f"{case.name} ended with {found['code']}: {output.read_text()[-2000:]}")
    return found["wall"], found["cpu"], found["memory"]


def suite(samples: Mapping[str, Samples], kind: str) -> pyperf.BenchmarkSuite:
    """The samples in pyperf's format, so that `pyperf compare_to`, `stats` and `check` read them. kind: wall or cpu."""
    import pyperf

    benchmarks: list[pyperf.Benchmark] = []
    for name, taken in samples.items():
        runs = [
            pyperf.Run([value], metadata={"name": name, "mem_max_rss": memory}, collect_metadata=False)
            for value, memory in zip(getattr(taken, kind), taken.memory, strict=True)
        ]
        benchmarks.append(pyperf.Benchmark(runs))
    return pyperf.BenchmarkSuite(benchmarks)
