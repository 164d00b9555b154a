"""Checks that the component's `...Args` takes what a program passes, and needs nothing else."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, get_args

from stackgen.catalog.checks.component import ComponentSource
from stackgen.catalog.checks.source import fields_of
from stackgen.descriptors.model import ForStackgen, Refers
from stackgen.errors import Problem, did_you_mean

if TYPE_CHECKING:
    from pydantic.fields import FieldInfo

    from stackgen.catalog.shelf import Entry, Shelf

CALLERS = "callers"
_UNKNOWN = object()


def list_arguments(shelf: Shelf, entry: Entry) -> dict[str, str]:
    """Argument → where a program has it from: what it stands on, its callers, options and settings."""
    capability = shelf.capability(entry.capability)
    known: dict[str, str] = {}
    if not capability.internal:
        provider = shelf.provider(entry.provider)
        known |= dict.fromkeys(provider.foundations, f"what components of {entry.provider} stand on")
        if provider.workloads and capability.contracts:
            known[CALLERS] = "identities of the components that connect to it"
    known |= dict.fromkeys(_options(shelf, entry), f"an option of {entry.capability}")
    return known | dict.fromkeys(_settings(entry), "one of its settings")


def constructor_arguments(shelf: Shelf, component: ComponentSource) -> Iterator[Problem]:
    """Fields that `...Args` lacks, and fields without a default that no program passes."""
    arguments = component.arguments
    if arguments is None or _inherits(arguments):
        return
    stated, wanted = fields_of(arguments), list_arguments(shelf, component.entry)
    for name, origin in wanted.items():
        if name not in stated:
            near = did_you_mean(name, [field for field in stated if field not in wanted])
            message = f"{arguments.name} has no field '{name}', which a program passes: {origin}"
            place = component.source.at(stated[near.split("'")[1]] if near else arguments)
            yield Problem("argument-missing", message, place, near, tuple(wanted))
    for name, node in stated.items():
        if name not in wanted and name != CALLERS and node.value is None:
            message = f"{arguments.name} needs '{name}', which no program passes"
            hint = "give it a default, or make a setting of it"
            yield Problem("argument-not-passed", message, component.source.at(node), hint, tuple(wanted))
        elif name in _absent(shelf, component.entry) and node.value is None:
            message = f"{arguments.name} needs '{name}', and a program omits it unless the spec sets it"
            yield Problem("default-missing", message, component.source.at(node), "give it a default")


def argument_defaults(component: ComponentSource) -> Iterator[Problem]:
    """Defaults of settings that `...Args` states otherwise."""
    arguments = component.arguments
    if arguments is None:
        return
    stated = fields_of(arguments)
    for name, info in _settings(component.entry).items():
        node = stated.get(name)
        here = _literal(node.value) if node is not None else _UNKNOWN
        there = _default(info)
        if node is None or _UNKNOWN in (here, there) or there is None or here is None:
            continue
        if _comparable(here) != _comparable(there):
            message = f"'{name}' is {here!r} by default here, and {there!r} in Settings"
            hint = "leave the default out: a program passes the value of Settings"
            yield Problem("default-differs", message, component.source.at(node.value), hint)


def _options(shelf: Shelf, entry: Entry) -> dict[str, FieldInfo]:
    options = shelf.capability(entry.capability).options.model_fields
    refused = entry.implementation.refuses
    return {name: info for name, info in options.items() if name not in refused and not stays_out(info)}


def _settings(entry: Entry) -> dict[str, FieldInfo]:
    settings = entry.implementation.settings.model_fields
    return {name: info for name, info in settings.items() if ForStackgen() not in info.metadata}


def stays_out(info: FieldInfo) -> bool:
    """Say whether an option is not an argument of its own: stackgen alone reads it, or another option contains it."""
    marks = info.metadata
    return ForStackgen() in marks or any(isinstance(mark, Refers) and mark.into for mark in marks)


def _absent(shelf: Shelf, entry: Entry) -> set[str]:
    """Arguments that a program leaves out where nobody has set them: their default is nothing."""
    stated = entry.implementation
    if stated.offers or stated.check or stated.resolve or shelf.capability(entry.capability).internal:
        return {CALLERS}  # these may refuse what is absent, or fill it in
    sources = _options(shelf, entry) | _settings(entry)
    absent = {
        name
        for name, info in sources.items()
        if _default(info) in (None, (), [], {})
        or type(None) in get_args(info.annotation)  # a spec may say null
    }
    return absent | {CALLERS}


def _default(info: FieldInfo) -> Any:
    return _UNKNOWN if info.is_required() else info.get_default(call_default_factory=True)


def _literal(node: ast.expr | None) -> Any:
    if node is None:
        return _UNKNOWN
    try:
        return ast.literal_eval(node)
    except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
        return _UNKNOWN


def _comparable(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value


def _inherits(arguments: ast.ClassDef) -> bool:
    """Whether it has fields of another class's, which can't be seen here."""
    return bool(arguments.bases)
