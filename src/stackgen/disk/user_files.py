"""Says which files run with a program that stackgen did not write."""

from __future__ import annotations

from collections.abc import Callable

from stackgen.disk.writing import list_added_modules, refuse_others_files
from stackgen.printable import one_line
from stackgen.program.build import Program

MAX_NAMED_FILES = 10  # names said in one line


def report_user_files(
    program: Program, progress: Callable[[str], None], before: tuple[str, ...] = ()
) -> tuple[str, ...]:
    """Name every file of a program that is about to run and that is not stackgen's; their names.

    before: names that were said already. Raises PermissionError for a file, or a folder of it, that another user has
    put where others can.
    """
    refuse_others_files(program)
    names = tuple(one_line(name) for name in list_added_modules(program))
    if names and names != before:
        listed = f" {', '.join(names)}" if len(names) <= MAX_NAMED_FILES else "\n    ".join(["", *names])
        progress(f"note: with the program run files that are not stackgen's:{listed}")
    return names
