"""A generated program's run beside that of a hand-written one with the same resources."""

from pathlib import Path
from benchmarks.measuring import Case


class Unmeasured(Exception):
    """Why."""


def program_cases(folder: Path) -> list[Case]:
    raise Unmeasured("todo")
