"""Every rule for one implementation: those without which a stack can't be deployed, and all of them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from stackgen.catalog.checks import arguments, bindings, component, declared, imports
from stackgen.catalog.checks.component import ComponentSource, read_component
from stackgen.errors import StackgenError

if TYPE_CHECKING:
    from collections.abc import Callable

    from stackgen.catalog.checks.declared import Declaration
    from stackgen.catalog.shelf import Entry, Shelf
    from stackgen.errors import Problem

DECLARED: tuple[Callable[[Declaration], Iterator[Problem]], ...] = (
    declared.clause_names,
    declared.settings_and_sizes,
    declared.names,
)
OFFERED: tuple[Callable[[Declaration], Iterator[Problem]], ...] = (declared.every_clause, declared.properties)
COMPONENT: tuple[Callable[[ComponentSource], Iterator[Problem]], ...] = (
    component.classes,
    component.constructor,
    component.registration,
    component.attributes,
    imports.outside,
    arguments.argument_defaults,
    bindings.binding_keys,
)


def breaking(shelf: Shelf, entry: Entry) -> list[Problem]:
    """List what would make a stack that uses an implementation fail later: clauses, classes, imports and arguments."""
    try:
        problems = list(declared.clause_names(declared.read_declaration(shelf, entry)))
    except StackgenError as error:
        return list(error.problems)
    try:
        read = read_component(entry)
    except StackgenError as error:
        return [*problems, *error.problems]
    for rule in (component.classes, component.constructor, imports.outside):
        problems += rule(read)
    return [*problems, *_with_shelf(shelf, read)]


def problems(shelf: Shelf, entry: Entry) -> list[Problem]:
    """Everything that is wrong with an implementation's two files, in the order of the rules."""
    try:
        item = declared.read_declaration(shelf, entry)
    except StackgenError as error:
        return list(error.problems)
    listed = [problem for rule in (*DECLARED, declared.cost) for problem in rule(item)]
    if item.offered:
        listed += [problem for rule in OFFERED for problem in rule(item)]
    try:
        read = read_component(entry)
    except StackgenError as error:
        return [*listed, *error.problems]
    listed += [problem for rule in COMPONENT for problem in rule(read)]
    return list(dict.fromkeys([*listed, *_with_shelf(shelf, read)]))


def _with_shelf(shelf: Shelf, read: ComponentSource) -> Iterator[Problem]:
    yield from imports.find_unknown_imports(shelf, read)
    yield from arguments.constructor_arguments(shelf, read)
