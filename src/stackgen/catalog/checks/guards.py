"""Functions of a private descriptor, called so that an error in one names its line and not stackgen."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields
from functools import wraps
from typing import Any

from stackgen.catalog.checks.failures import INVALID, locate_error
from stackgen.catalog.checks.source import SourceText, position
from stackgen.errors import Position, Problem, StackgenError

_SENTENCE = (str | None, "a sentence or None")
_RESULTS: dict[str, tuple[Any, str]] = {
    "check": _SENTENCE,
    "offers": _SENTENCE,
    "warns": _SENTENCE,
    "internet": _SENTENCE,
    "resolve": (Mapping, "a dict of settings"),
    "limits": (Mapping, "a dict of contracts"),
    "answers_by": (Sequence, "a list of groups of components"),
}


def guard_functions(value: Any, source: SourceText) -> dict[str, Callable[..., Any]]:
    """Field → its function, for the fields of a descriptor that hold one that the planner calls.

    Each raises StackgenError(catalog-invalid) where the function fails, or returns something of another type.
    """
    given = {field.name: getattr(value, field.name) for field in fields(value)}
    return {
        name: _guard(name, function, source)
        for name, function in given.items()
        if name in _RESULTS and callable(function)
    }


def _guard(name: str, function: Callable[..., Any], source: SourceText) -> Callable[..., Any]:
    kind, expected = _RESULTS[name]

    @wraps(function)
    def call(*arguments: Any) -> Any:
        try:
            answer = function(*arguments)
        except StackgenError:
            raise
        except Exception as error:
            message = f"`{name}` failed: {type(error).__name__}: {error}"
            raise StackgenError(Problem(INVALID, message, locate_error(error, source))) from error
        if not isinstance(answer, kind):
            message = f"`{name}` must return {expected}, not {type(answer).__name__}"
            raise StackgenError(Problem(INVALID, message, _defined(function, source)))
        return answer

    return call


def _defined(function: Callable[..., Any], source: SourceText) -> Position:
    line = getattr(getattr(function, "__code__", None), "co_firstlineno", 1)
    file = getattr(getattr(function, "__code__", None), "co_filename", "")
    return position(source.path, source.text, line if file == str(source.path) else 1, 0)
