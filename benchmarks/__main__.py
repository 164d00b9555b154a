"""`make bench`: the goals and the peers in them, some minutes. `make bench FULL=1`: every tool and size, an hour."""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import warnings
from collections.abc import Sequence
from pathlib import Path

from benchmarks import report
from benchmarks.chart import draw
from benchmarks.measuring import Case, measure, suite
from benchmarks.own import Own
from benchmarks.program import Unmeasured, program_cases
from benchmarks.tools import TOOLS, Tool, Unavailable, stackgen

RESULTS = Path(__file__).with_name("results")
QUICK, FULL = (1, 100, 1000), report.SIZES


def main() -> None:
    """Install what is missing, measure, print, and rewrite docs/performance.md."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--full", action="store_true", help="every tool and size")
    parser.add_argument(
        "--rounds", type=int, default=None, help="at most so many (default: 5, or 9 with --full)"
    )
    parser.add_argument("--no-write", action="store_true", help="leave docs as they are")
    given = parser.parse_args()
    rounds = given.rounds or (9 if given.full else 5)
    before = os.getloadavg()[0]
    with tempfile.TemporaryDirectory(prefix="stackgen-bench-") as name:
        folder = Path(name)
        own = Own(stackgen(), folder)
        cases = own.cases(FULL if given.full else QUICK)
        peers, unavailable = _peers(folder, full=given.full)
        notes = [*unavailable]
        try:
            cases += program_cases(folder)
        except Unmeasured as error:
            notes.append(f"the generated program's run: {error}")
        samples = measure([*cases, *peers], rounds, _say)
        for case in cases:
            own.check(case)
    where = report.surroundings(rounds, before)
    kind = "cpu" if where.busy else "wall"
    tools = list(dict.fromkeys(case.tool for case in (*cases, *peers) if case.what == "generate"))
    for case, (files, count) in own.touched.items():
        listed = f": {', '.join(files)}" if files else ""
        notes.append(f"{case}: {len(files)} of {count} files written{listed}")
    goals = f"{where.sentence()}\n\n{report.goals_table(samples, where)}\n\n{_listed(notes)}"
    sys.stdout.write(f"{goals}\n\n{report.tools_table(samples, tools, kind)}\n")
    RESULTS.mkdir(exist_ok=True)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for each in ("wall", "cpu"):
            suite(samples, each).dump(str(RESULTS / f"{each}.pyperf.json"), replace=True)
    report.write_json(RESULTS / "latest.json", report.as_json(samples, where, notes))
    if not given.no_write:
        report.write(report.PAGE, "goals", goals)
    if given.full and not given.no_write:
        clock, used = (report.tools_table(samples, tools, each) for each in ("wall", "cpu"))
        text = f"Milliseconds by the clock:\n\n{clock}\n\nMilliseconds of processor time:\n\n{used}\n\n"
        text += f"Peak memory in MB:\n\n{report.memory_table(samples, tools)}"
        report.write(report.PAGE, "tools", f"{where.sentence()}\n\n{text}\n\n{_listed(unavailable)}")
        draw(samples, tools, kind, report.PAGE.with_suffix(".svg"))


def _peers(folder: Path, *, full: bool) -> tuple[list[Case], list[str]]:
    """Cases of every peer that can be had, and a sentence for each that can't."""
    cases: list[Case] = []
    notes: list[str] = []
    for tool in TOOLS:
        if full or tool.quick:
            try:
                _say(f"getting {tool.name}")
                start = tool.install()
            except Unavailable as error:
                notes.append(f"{tool.name}: {error}")
                continue
            sizes = FULL if full else QUICK
            cases += [_case(tool, start, folder, size) for size in sizes if size <= tool.largest]
    return cases, notes


def _case(tool: Tool, start: list[str], folder: Path, size: int) -> Case:
    place = folder / f"{tool.name}-{size}".replace(" ", "-")
    place.mkdir()
    rounds = 100 if size < 100 else 7 if size == 100 else 5 if size == 1000 else 3
    return Case(tool.name, "generate", size, tool.prepare(start, place, size), place, rounds=rounds)


def _listed(notes: Sequence[str]) -> str:
    return "\n".join(f"- {note}" for note in notes)


def _say(text: str) -> None:
    print(text, file=sys.stderr)


main()
