"""Implementations of private catalogs, which no test of stackgen's has seen, are checked where a stack uses them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from stackgen.errors import Problem
from stackgen.planning.findings import Findings

if TYPE_CHECKING:
    from stackgen.catalog.shelf import Entry
    from stackgen.planning.model import PlannedComponent


def refuse_broken(entry: Entry, findings: Findings) -> None:
    """Note what would make a deployment with a private implementation fail; the built-in ones are tested."""
    if entry.package is not None or findings.deployed:
        return
    from stackgen.catalog.checks.rules import breaking

    for problem in breaking(findings.shelf, entry):
        if problem not in findings.problems:
            findings.problems.append(problem)


def refuse_other_values(components: Iterable[PlannedComponent], findings: Findings) -> None:
    """Note options and settings with values that no program can be written with, such as a date."""
    for item in components:
        if item.entry.package is not None or findings.deployed:
            continue
        from stackgen.catalog.checks.source import fields_of, is_plain, read_source

        for model in (item.options, item.settings):
            for name, value in model:
                known = name in type(model).model_fields
                if known and is_plain(value):
                    continue
                kind = type(value).__name__
                what = f"is of type {kind}, which no program holds" if known else "is no setting"
                message = f"'{name}' of '{item.name}' by {item.entry.id} {what}"
                source = read_source(item.entry.folder / "implementation.py")
                node = source.classes().get(type(model).__name__)
                place = source.at(fields_of(node).get(name, node))
                hint = "use text, numbers, true or false, lists and mappings"
                findings.problems.append(Problem("catalog-invalid", message, place, hint if known else None))
