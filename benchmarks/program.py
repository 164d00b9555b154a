"""A generated program's run beside those of hand-written ones with the same resources, with and without components."""

from __future__ import annotations

import json
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from benchmarks.measuring import Case
from stackgen.catalog.shelf import Shelf
from stackgen.disk.writing import write_program
from stackgen.planning.plan import plan_environment
from stackgen.program.build import build_program
from stackgen.spec.loading import parse_spec

STORES = 20
HAND_WRITTEN = Path(__file__).with_name("handwritten_components")
FLAT = Path(__file__).with_name("handwritten")  # without components
ROOT = Path(__file__).parents[1]


class Unmeasured(Exception):
    """Why it can't be measured here."""


def generated(folder: Path) -> Path:
    """The generated program's folder."""
    settings = {"account": "111122223333", "region": "eu-central-1"}
    spec: dict[str, Any] = {
        "apiVersion": "stackgen/v1",
        "name": "bench-stores",
        "components": {f"store-{number}": {"capability": "object_store"} for number in range(STORES)},
        "environments": {"bench": {"provider": "aws", "settings": settings}},
    }
    loaded = parse_spec(json.dumps(spec).encode(), folder / "stack.yaml")
    write_program(build_program(plan_environment(loaded, "bench", Shelf()), folder / "generated"))
    return folder / "generated"


def program_cases(folder: Path) -> list[Case]:
    """The programs under Pulumi's mocks, in this interpreter's environment; raises Unmeasured."""
    if find_spec("pulumi_aws") is None:
        raise Unmeasured("pulumi-aws is not installed")
    programs = {"generated": generated(folder), "hand-written": HAND_WRITTEN, "flat": FLAT}
    return [
        Case(name, "program", 0, command(program), folder, environment={"PYTHONPATH": str(ROOT)})
        for name, program in programs.items()
    ]


def command(program: Path, *record: str) -> list[str]:
    """What runs a program under mocks."""
    return [sys.executable, "-m", "benchmarks.run_program", str(program), *record]
