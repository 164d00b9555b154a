"""What is aimed at, as ratios within one interleaved run, and what was measured."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from benchmarks.measuring import Samples

Samples_ = Mapping[str, Samples]
FLOOR, CDK8S, HELM = "python -c pass", "cdk8s (Python) generate", "helm generate"


@dataclass(frozen=True)
class Goal:
    """One line of the table. goal, beyond: upper bounds. value: of the samples, by wall time or processor time."""

    what: str
    unit: str
    goal: float
    beyond: float | None
    value: Callable[[Samples_, str], float]


@dataclass(frozen=True)
class Measured:
    """A goal with what was found by wall time and by processor time; None: not measured."""

    goal: Goal
    wall: float | None
    cpu: float | None

    def verdict(self, busy: bool) -> str:
        """Whether it is met, by processor time where the machine had other work."""
        found = self.cpu if busy else self.wall
        if found is None:
            return "not measured"
        if self.goal.beyond is not None and found <= self.goal.beyond:
            return "met, and beyond"
        return "met" if found <= self.goal.goal else "**missed**"


def median(samples: Samples_, name: str, kind: str) -> float:
    """A case's median; raises KeyError if it was not measured."""
    return statistics.median(getattr(samples[name], kind))


def _ratio(one: str, other: str) -> Callable[[Samples_, str], float]:
    return lambda samples, kind: median(samples, one, kind) / median(samples, other, kind)


def _growth(samples: Samples_, tool: str, kind: str) -> float:
    return (
        median(samples, f"{tool} generate 1000", kind) - median(samples, f"{tool} generate 1", kind)
    ) / 999


def _memory(size: int) -> Callable[[Samples_, str], float]:
    return lambda samples, _: max(samples[f"stackgen generate {size}"].memory) / 1e6


GOALS = (
    Goal("`--version`", "× `python -c pass`", 3, 2, _ratio("stackgen --version", FLOOR)),
    Goal("`--help`", "× `python -c pass`", 3, 2, _ratio("stackgen --help", FLOOR)),
    Goal("completion", "× `python -c pass`", 3, 2, _ratio("stackgen completion bash", FLOOR)),
    Goal("`generate`, 1 component", "× cdk8s", 0.5, 0.4, _ratio("stackgen generate 1", f"{CDK8S} 1")),
    Goal(
        "`generate`, 1 component",
        "× cookiecutter",
        1,
        None,
        _ratio("stackgen generate 1", "cookiecutter generate 1"),
    ),
    Goal("100 components", "× cdk8s", 0.35, 0.27, _ratio("stackgen generate 100", f"{CDK8S} 100")),
    Goal("1,000 components", "× cdk8s", 0.2, 0.13, _ratio("stackgen generate 1000", f"{CDK8S} 1000")),
    Goal("1,000 components", "× helm template", 2, 1.3, _ratio("stackgen generate 1000", f"{HELM} 1000")),
    Goal(
        "one more component",
        "× helm's",
        1.5,
        1,
        lambda samples, kind: _growth(samples, "stackgen", kind) / _growth(samples, "helm", kind),
    ),
    Goal(
        "second run, nothing changed",
        "× `python -c pass`",
        4,
        3,
        _ratio("stackgen generate again 1000", FLOOR),
    ),
    Goal(
        "one of 1,000 changed",
        "× full",
        0.75,
        0.5,
        _ratio("stackgen generate with one changed 1000", "stackgen generate 1000"),
    ),
    Goal("memory, 1 component", "MB", 48, 35, _memory(1)),
    Goal("memory, 1,000 components", "MB", 92, 60, _memory(1000)),
    Goal(
        "generated program's run",
        "× hand-written",
        1.05,
        None,
        _ratio("generated program", "hand-written program"),
    ),
    Goal("generated program's run", "× flat", 1.05, None, _ratio("generated program", "flat program")),
)


def judge(samples: Samples_) -> Iterator[Measured]:
    """Every goal with what was measured."""
    for goal in GOALS:
        found: dict[str, float | None] = {"wall": None, "cpu": None}
        for kind in found:
            try:
                found[kind] = goal.value(samples, kind)
            except (KeyError, statistics.StatisticsError):
                continue
        yield Measured(goal, found["wall"], found["cpu"])
