"""The long run: `python -m tests.hostile.fuzz --count 1000000 --jobs 2`. Prints figures; 1 if it finds some.

Every spec goes through reading, planning and building in this process. One of `--write` valid ones is written to
disk, one of `--cli` goes through the command itself. What is found is kept below `--keep` and can be run again.
"""

from __future__ import annotations

import argparse
import faulthandler
import json
import os
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from multiprocessing import get_context
from pathlib import Path
from types import FrameType
from typing import Any

from stackgen.catalog.shelf import Shelf
from stackgen.disk.writing import write_program
from stackgen.program.build import Program
from tests.hostile.fields import folder_for_sources
from tests.hostile.making import Maker
from tests.hostile.probing import QuickShelf, Violation, Watch, probe, read_copies_once

HANG = 20  # seconds


class Worker:
    """One process's share."""

    def __init__(self, number: int, arguments: argparse.Namespace) -> None:
        self.arguments = arguments
        self.seed = arguments.seed * 1000 + number
        self.count = arguments.count // arguments.jobs + (number < arguments.count % arguments.jobs)
        self.found: Counter[str] = Counter()
        self.slowest = 0.0
        self.largest = 0  # bytes of memory of a command

    def run(self) -> dict[str, Any]:
        """Figures."""
        os.environ["PYTHONDONTWRITEBYTECODE"] = "1"
        shelf = QuickShelf()
        read_copies_once()
        maker, watch = Maker(self.seed, shelf), Watch()
        with tempfile.TemporaryDirectory(prefix="stackgen-fuzz-") as scratch:
            root = folder_for_sources(Path(scratch).resolve())
            early = Maker(0, shelf)
            for _ in range(300):  # whatever is loaded late, or kept in the cache, is so now
                self._one(early.spec(), root, shelf, None)
            self.found.clear()
            signal.signal(signal.SIGALRM, _hang)
            start = time.monotonic()
            for number in range(self.count):
                data = maker.spec()
                programs = self._one(data, root, shelf, watch)
                if programs and self.found["valid"] % self.arguments.write == 0:
                    self._written(programs[0], root, data)
                if number % self.arguments.cli == 0:
                    self._command(data, root)
                if number % 20_000 == 19_999:
                    rate = number / (time.monotonic() - start)
                    print(
                        f"seed {self.seed}: {number + 1} specs, {rate:.0f}/s, {dict(self.found)}", flush=True
                    )
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
        seconds = time.monotonic() - start
        return {
            "found": dict(self.found),
            "slowest": self.slowest,
            "peak": peak,
            "command": self.largest,
            "seconds": seconds,
        }

    def _one(self, data: bytes, root: Path, shelf: Shelf, watch: Watch | None) -> list[Program]:
        self.found["specs"] += 1
        faulthandler.dump_traceback_later(3 * HANG, exit=True)
        signal.alarm(HANG)
        start = time.process_time()
        try:
            programs = probe(data, root / "stack.yaml", shelf, watch)
        except Violation as error:
            self._keep(data, str(error))
            return []
        finally:
            signal.alarm(0)
            self.slowest = max(self.slowest, time.process_time() - start)
        self.found["valid" if programs else "refused"] += 1
        return programs

    def _written(self, program: Program, root: Path, data: bytes) -> None:
        """On disk: in its folder alone, and a second time nothing."""
        self.found["written"] += 1
        before = _listing(root)
        write_program(program)
        strangers = [
            p
            for p in _listing(root) - before
            if Path(p) != program.folder and program.folder not in Path(p).parents
        ]
        again = write_program(program)
        shutil.rmtree(program.folder)
        if strangers or again:
            self._keep(
                data, f"files outside: {strangers[:3]}" if strangers else f"a second run writes {again}"
            )

    def _command(self, data: bytes, root: Path) -> None:
        """The same through the command line, as a process of its own."""
        self.found["commands"] += 1
        spec = root / "stack.yaml"
        spec.write_bytes(data)
        before = _listing(root)
        command = [sys.executable, "-m", "stackgen.cli.main", "check", "stack.yaml"]
        with tempfile.TemporaryFile() as said:
            process = subprocess.Popen(command, cwd=root, stdout=said, stderr=said)
            _, status, usage = os.wait4(process.pid, 0)
            said.seek(0)
            text = said.read().decode(errors="replace")
        process.returncode = code = os.waitstatus_to_exitcode(status)
        self.largest = max(self.largest, usage.ru_maxrss * 1024)
        if code not in (0, 2) or "Traceback" in text or _listing(root) != before:
            self._keep(data, f"command: exit {code}: {text[-300:]}")
        spec.unlink()

    def _keep(self, data: bytes, why: str) -> None:
        self.found["violations"] += 1
        folder = Path(self.arguments.keep)
        folder.mkdir(parents=True, exist_ok=True)
        name = f"{self.seed}-{self.found['specs']}"
        (folder / f"{name}.yaml").write_bytes(data)
        (folder / f"{name}.txt").write_text(why, encoding="utf-8", errors="backslashreplace")
        print(f"VIOLATION {name}: {why[:300]!r}", flush=True)


def _hang(_number: int, _frame: FrameType | None) -> None:
    raise Violation(f"no end after {HANG} s")


def _listing(root: Path) -> set[str]:
    return {str(path) for path in root.rglob("*")}


def _work(job: tuple[int, argparse.Namespace]) -> dict[str, Any]:
    return Worker(*job).run()


def main() -> int:
    """Run all workers; figures as JSON on the last line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=1_000_000)
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--write", type=int, default=200)
    parser.add_argument("--cli", type=int, default=10_000)
    parser.add_argument("--keep", default="fuzz-findings")
    arguments = parser.parse_args()
    start = time.monotonic()
    with get_context("fork").Pool(arguments.jobs) as pool:
        results = pool.map(_work, [(number, arguments) for number in range(arguments.jobs)], chunksize=1)
    total: Counter[str] = Counter()
    for result in results:
        total.update(result["found"])
    figures = {
        **total,
        "violations": total["violations"],
        "seed": arguments.seed,
        "jobs": arguments.jobs,
        "seconds": round(time.monotonic() - start),
        "per_second_and_job": round(
            sum(r["found"]["specs"] / r["seconds"] for r in results) / arguments.jobs
        ),
        "slowest_cpu_seconds": round(max(result["slowest"] for result in results), 3),
        "peak_megabytes": max(result["peak"] for result in results) // 1_000_000,
        "command_peak_megabytes": max(result["command"] for result in results) // 1_000_000,
    }
    print(json.dumps(figures))
    return 1 if total["violations"] else 0


if __name__ == "__main__":
    sys.exit(main())
