"""Checks that an implementation's `example.yaml` exists, plans and renders; nothing is written."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from stackgen.catalog.checks.source import read_source
from stackgen.errors import Position, Problem, StackgenError
from stackgen.planning.plan import check_stack
from stackgen.program.build import build_program
from stackgen.spec.loading import load_spec, short_path

if TYPE_CHECKING:
    from stackgen.catalog.shelf import Entry, Shelf
    from stackgen.planning.model import Plan

EXAMPLE_FILE = "example.yaml"


def example_problems(shelf: Shelf, entry: Entry) -> list[Problem]:
    """Problems of an implementation's example, in each of its environments."""
    path = entry.folder / EXAMPLE_FILE
    if not path.is_file():
        source = read_source(entry.folder / "implementation.py")
        place = source.at(source.find_assignment("IMPLEMENTATION"))
        message = f"{entry.folder.name} has no {EXAMPLE_FILE}: the smallest stack that uses it"
        return [Problem("example-missing", message, place)]
    try:
        plans = check_stack(load_spec(path), shelf)
    except StackgenError as error:
        return list(error.problems)
    used = {item.entry.folder for plan in plans.values() for item in plan.components}
    if entry.folder not in used:
        message = f"no component of {EXAMPLE_FILE} is provided by {entry.id}"
        hint = f"say `implementation: {entry.id}` of its component"
        return [Problem("example-unused", message, Position(short_path(path), 1, 1), hint)]
    return [problem for plan in plans.values() for problem in _rendering(entry, plan)]


def _rendering(entry: Entry, plan: Plan) -> list[Problem]:
    """Files of the program that are no Python, by the catalog's fault: a component's, or one below files/."""
    problems: list[Problem] = []
    for path, data in build_program(plan).files.items():
        if path.endswith(".py"):
            try:
                ast.parse(data)
            except (SyntaxError, ValueError) as error:
                line = getattr(error, "lineno", None) or 1
                message = f"{path} of the program for {plan.environment} is no Python: {error}"
                place = Position(short_path(entry.folder / EXAMPLE_FILE), 1, 1)
                problems.append(Problem("not-python", f"{message} (line {line})", place))
    return problems
