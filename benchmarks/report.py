"""What was measured as tables: for the terminal, for docs/performance.md, and as JSON."""

from __future__ import annotations

import json
import os
import platform
import re
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from benchmarks.goals import Measured, judge
from benchmarks.measuring import Samples

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "performance.md"
SIZES = (1, 10, 100, 1000, 5000)


@dataclass(frozen=True)
class Surroundings:
    """Where and when it was measured. load: processes that wanted a processor, at the beginning and at the end."""

    date: str
    processor: str
    processors: int
    python: str
    rounds: int
    load: tuple[float, float]

    @property
    def busy(self) -> bool:
        """Whether the machine had other work: then processor time tells more than the clock."""
        return max(self.load) > self.processors

    def sentence(self) -> str:
        """All of it in a line."""
        other = "busy with other work: judged by processor time" if self.busy else "otherwise idle"
        loads = " to ".join(f"{load:.1f}" for load in self.load)
        return (
            f"{self.date}, {self.processors} processors of {self.processor}, Python {self.python}, medians of up to "
            f"{self.rounds} interleaved rounds; load {loads}, {other}."
        )


def surroundings(rounds: int, load: float) -> Surroundings:
    """Of this machine, now; load: what it was before."""
    info = Path("/proc/cpuinfo")
    model = re.search(r"model name\s*: (.+)", info.read_text()) if info.is_file() else None
    name = " ".join((model[1] if model else platform.machine()).split())
    today = datetime.now(UTC).date().isoformat()
    count = os.cpu_count() or 1
    return Surroundings(today, name, count, platform.python_version(), rounds, (load, os.getloadavg()[0]))


def goals_table(samples: Mapping[str, Samples], where: Surroundings) -> str:
    """The goals beside what was measured."""
    rows = [_goal_row(item, where.busy) for item in judge(samples)]
    return _table(("what", "goal", "beyond", "by the clock", "by processor time", ""), rows)


def _goal_row(item: Measured, busy: bool) -> tuple[str, ...]:
    goal = item.goal
    beyond = f"{goal.beyond:g}" if goal.beyond is not None else ""
    shown = [_number(goal.unit, value) for value in (item.wall, item.cpu)]
    if goal.unit == "MB":
        shown[1] = ""
    return (goal.what, f"≤ {goal.goal:g} {goal.unit}", beyond, *shown, item.verdict(busy))


def _number(unit: str, value: float | None) -> str:
    if value is None:
        return ""
    return f"{value:.0f}" if unit == "MB" else f"{value:.2f}"


def tools_table(samples: Mapping[str, Samples], tools: Sequence[str], kind: str) -> str:
    """Milliseconds by tool and number of components."""
    rows = [(tool, *(_milliseconds(samples, f"{tool} generate {n}", kind) for n in SIZES)) for tool in tools]
    return _table(("tool", *(f"{n:,}" for n in SIZES)), rows)


def memory_table(samples: Mapping[str, Samples], tools: Sequence[str]) -> str:
    """Peak megabytes by tool and number of components."""
    rows = [(tool, *(_megabytes(samples, f"{tool} generate {n}") for n in SIZES)) for tool in tools]
    return _table(("tool", *(f"{n:,}" for n in SIZES)), rows)


def _milliseconds(samples: Mapping[str, Samples], name: str, kind: str) -> str:
    found = samples.get(name)
    return f"{1000 * statistics.median(getattr(found, kind)):,.0f}" if found and found.wall else ""


def _megabytes(samples: Mapping[str, Samples], name: str) -> str:
    found = samples.get(name)
    return f"{max(found.memory) / 1e6:.0f}" if found and found.memory else ""


def _table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def as_json(samples: Mapping[str, Samples], where: Surroundings, notes: Sequence[str]) -> dict[str, Any]:
    """Everything measured: seconds and bytes, round by round."""
    goals = [
        {
            "what": m.goal.what,
            "unit": m.goal.unit,
            "goal": m.goal.goal,
            "beyond": m.goal.beyond,
            "wall": m.wall,
            "cpu": m.cpu,
        }
        for m in judge(samples)
    ]
    cases = {name: asdict(taken) for name, taken in samples.items()}
    return {"surroundings": asdict(where), "goals": goals, "notes": list(notes), "cases": cases}


def write(file: Path, mark: str, text: str) -> None:
    """Replace what stands between `<!-- {mark}: begin -->` and `<!-- {mark}: end -->`; ValueError if nothing does."""
    begin, end = f"<!-- {mark}: begin -->\n", f"<!-- {mark}: end -->"
    before, _, rest = file.read_text(encoding="utf-8").partition(begin)
    _, found, after = rest.partition(end)
    if not found:
        raise ValueError(f"{file} has no place for {mark}")
    file.write_text(f"{before}{begin}{text}\n{end}{after}", encoding="utf-8")


def write_json(file: Path, content: Mapping[str, Any]) -> None:
    """One case per line, so that a diff can be read."""
    head = {key: value for key, value in content.items() if key != "cases"}
    rounded = {
        name: {key: [round(value, 4) for value in values] for key, values in case.items()}
        for name, case in content["cases"].items()
    }
    lines = ",\n".join(f"    {json.dumps(name)}: {json.dumps(case)}" for name, case in rounded.items())
    text = json.dumps(head, indent=2, ensure_ascii=False).rstrip("}\n")
    file.write_text(f'{text},\n  "cases": {{\n{lines}\n  }}\n}}\n', encoding="utf-8")
