"""Bring every cloud program before the judges: `make provider-truth`. Rewrites the goldens."""

from __future__ import annotations

import argparse
import sys
from datetime import UTC, datetime

from tests.clouds.programs import PROGRAMS, recorded
from tests.provider_truth import seeded, tofu
from tests.provider_truth.judging import judge, write
from tests.provider_truth.naming import NEWER


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.provider_truth")
    parser.add_argument("programs", nargs="*", default=PROGRAMS, help="programs to judge; all by default")
    chosen = parser.parse_args().programs
    schemas, today = tofu.schemas(), datetime.now(UTC).date().isoformat()
    wrong = 0
    for name in chosen:
        verdict = judge(recorded(name), schemas)
        write(name, verdict.document(today))
        faults = len(verdict.diagnostics) + len(set(verdict.unmapped) - NEWER)
        wrong += bool(faults)
        sys.stderr.write(f"{name}: {verdict.judged} judged, {verdict.planned} planned, {faults} remarks\n")
    if tuple(chosen) == PROGRAMS:
        found = seeded.judge(schemas)
        write("seeded", {"date": today, "judges": tofu.versions(), "mistakes": found})
        sys.stderr.write(f"seeded mistakes: {sum(map(bool, found.values()))} of {len(found)} found\n")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
