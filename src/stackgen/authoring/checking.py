"""Check a catalog as a whole: its folders, descriptors, components and examples, all problems at once."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from stackgen.authoring.examples import example_problems
from stackgen.catalog.checks.bindings import unread_contracts
from stackgen.catalog.checks.component import read_component
from stackgen.catalog.checks.declared import defaults
from stackgen.catalog.checks.folders import SHAPE, find_misplaced, incomplete
from stackgen.catalog.checks.rules import problems
from stackgen.catalog.checks.source import shorten_path
from stackgen.catalog.shelf import Entry, Shelf, implementation_folders
from stackgen.errors import Position, Problem, StackgenError


@dataclass(frozen=True)
class CheckedCatalog:
    """Result of checking a catalog's folder. unreadable: implementation → contracts whose keys can't be read."""

    root: Path
    entries: tuple[Entry, ...]
    problems: tuple[Problem, ...]
    unreadable: dict[str, list[str]]


def check_catalog(shelf: Shelf, root: Path) -> CheckedCatalog:
    """Check every implementation below `root`, which is one of the shelf's roots."""
    entries = tuple(
        entry
        for offered in shelf.implementations.values()
        for entry in offered.values()
        if entry.folder.parent.parent == root
    )
    listed = [*_folders(shelf, root), *_descriptors(shelf, root)]
    usable: list[Entry] = []
    for entry in entries:
        own = check_implementation(shelf, entry)
        listed += own
        usable += [entry] if not own else []
    listed += defaults(shelf, usable)
    if not entries and not listed:
        message = f"{shorten_path(root)} holds no implementation: there is no {SHAPE} in it"
        listed.append(Problem("catalog-empty", message, next="stackgen catalog new CAPABILITY/PROVIDER/NAME"))
    unread = {f"{entry.capability}/{entry.id}": unread_contracts(read_component(entry)) for entry in usable}
    unread = {name: contracts for name, contracts in unread.items() if contracts}
    return CheckedCatalog(root, entries, tuple(_in_order(listed, root)), unread)


def check_implementation(shelf: Shelf, entry: Entry) -> list[Problem]:
    """Everything that is wrong with one implementation: both files, and its example."""
    try:
        listed = problems(shelf, entry)
        if not shelf.capability(entry.capability).internal:
            listed += example_problems(shelf, entry)
    except (
        StackgenError
    ) as error:  # its capability or its provider is of this catalog too, and can't be loaded
        listed = list(error.problems)
    return list(dict.fromkeys(listed))


def _folders(shelf: Shelf, root: Path) -> Iterator[Problem]:
    yield from incomplete(root)
    for folder in implementation_folders(root):
        yield from find_misplaced(root, folder, shelf.capability_names, shelf.provider_folders)


def _descriptors(shelf: Shelf, root: Path) -> Iterator[Problem]:
    """Problems of the capabilities and providers that the catalog brings itself."""
    for path in sorted(root.glob("*/capability.py")):
        try:
            shelf.capability(path.parent.name)
        except StackgenError as error:
            yield from error.problems
    for path in sorted((root / "providers").glob("*/provider.py")):
        try:
            shelf.provider(path.parent.name)
        except StackgenError as error:
            yield from error.problems


def _in_order(listed: list[Problem], root: Path) -> Iterator[Problem]:
    """By file and line, each once and with a command to go on with."""
    import shlex

    again = f"stackgen catalog check {shlex.quote(shorten_path(root))}"

    def key(problem: Problem) -> tuple[str, int, int]:
        place = problem.position or Position("", 0, 0)
        return place.file, place.line, place.column

    for problem in sorted(dict.fromkeys(listed), key=key):
        yield problem if problem.next else replace(problem, next=again)
