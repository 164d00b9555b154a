"""Medians of whole processes: start-up, plan, generate, and one more component. `make bench`."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

RUNS = 9
STACKGEN = [sys.executable, "-m", "stackgen.cli.main"]


def spec(folder: Path, components: int) -> str:
    """A stack with that many object stores."""
    lines = [f"  store-{number}: {{capability: object_store}}" for number in range(components)]
    head = f"apiVersion: stackgen/v1\nname: bench-{components}\ncomponents:\n"
    path = folder / f"{components}.yaml"
    path.write_text(head + "\n".join(lines) + "\nenvironments: {dev: {provider: local}}\n")
    return str(path)


def main() -> None:
    """Print a table and, with --json, the figures; cases are interleaved so that drift hits all alike."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        cases = {"python -c pass": [sys.executable, "-c", "pass"]}
        cases |= {f"stackgen {word}": [*STACKGEN, word] for word in ("--version", "--help")}
        for count in (1, 10, 100, 1000):
            path = spec(folder, count)
            cases[f"generate, {count} components"] = [
                *STACKGEN,
                "generate",
                path,
                "-o",
                str(folder / f"out{count}"),
            ]
        times: dict[str, list[float]] = {case: [] for case in cases}
        environment = {key: value for key, value in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"}
        for _ in range(RUNS):
            for case, command in cases.items():
                start = time.perf_counter()
                subprocess.run(command, env=environment, capture_output=True, check=True)
                times[case].append(1000 * (time.perf_counter() - start))
    medians = {case: round(statistics.median(values), 1) for case, values in times.items()}
    if "--json" in sys.argv:
        print(json.dumps(medians, indent=2))
        return
    floor = medians["python -c pass"]
    for case, median in medians.items():
        print(f"{case:28} {median:8.1f} ms {median / floor:8.1f} x python")


if __name__ == "__main__":
    main()
