"""A module of a catalog that can't be loaded: what is wrong in it, and in which line."""

from __future__ import annotations

import ast
import traceback
from dataclasses import MISSING, fields
from pathlib import Path
from typing import Any

from stackgen.catalog.checks.source import SourceText, position, read_source, shorten_path, syntax_problem
from stackgen.catalog.checks.written import call
from stackgen.errors import Position, Problem, StackgenError, did_you_mean

INVALID = "catalog-invalid"


def loading_problems(path: Path, error: BaseException, name: str, kind: type[Any]) -> list[Problem]:
    """Say why the module at `path` could not be loaded; it was to define `name`, of type `kind`."""
    if isinstance(error, TypeError):
        try:
            wrong = _call_problems(read_source(path), name, kind)
        except (StackgenError, OSError):
            wrong = []
        if wrong:
            return wrong
    return [loading_problem(path, error)]


def loading_problem(path: Path, error: BaseException) -> Problem:
    """Say why a module could not be loaded, with the line of it that failed."""
    if isinstance(error, SyntaxError) and error.filename == str(path):
        return syntax_problem(path, error)
    message = f"{path.name} can't be loaded: {_said(error)}"
    try:
        return Problem(INVALID, message, locate_error(error, read_source(path)))
    except StackgenError as unreadable:
        return unreadable.problems[0]
    except OSError:
        return Problem(INVALID, message, Position(shorten_path(path), 1, 1))


def missing_constant(path: Path, name: str, kind: type[Any], value: object) -> Problem:
    """Return the problem of a module without its descriptor, or with one of another type."""
    message = f"{path.name} must define {name} = {kind.__name__}(...)"
    if value is not None:
        message += f"; it is of type {type(value).__name__}"
    try:
        source = read_source(path)
    except (StackgenError, OSError):
        return Problem(INVALID, message, Position(shorten_path(path), 1, 1))
    assigned = source.find_assignment(name)
    names = [target.id for node in source.tree.body for target in _targets(node)]
    hint = did_you_mean(name, [other for other in names if other != name]) if value is None else None
    return Problem(INVALID, message, source.at(assigned), hint)


def locate_error(error: BaseException, source: SourceText) -> Position:
    """The last line of the file that was running when the error was raised; the first line if none was."""
    lines = [
        frame.lineno
        for frame in traceback.extract_tb(error.__traceback__)
        if frame.filename == str(source.path) and frame.lineno is not None
    ]
    line = lines[-1] if lines else 1
    written = source.text.split("\n")[line - 1 : line]
    indent = len(written[0]) - len(written[0].lstrip()) if written else 0
    return position(source.path, source.text, line, indent)


def _targets(node: ast.stmt) -> list[ast.Name]:
    targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
    return [target for target in targets if isinstance(target, ast.Name)]


def _call_problems(source: SourceText, name: str, kind: type[Any]) -> list[Problem]:
    """Fields that the descriptor's call lacks, and words in it that are no field."""
    written = call(source, name)
    if written is None or ast.unparse(written.func).rpartition(".")[2] != kind.__name__:
        return []
    known = [field.name for field in fields(kind)]
    required = [
        field.name for field in fields(kind) if field.default is MISSING and field.default_factory is MISSING
    ]
    given = {keyword.arg for keyword in written.keywords}
    problems = [
        Problem(
            "unknown-key",
            f"{kind.__name__} has no field '{keyword.arg}'",
            source.at(keyword),
            did_you_mean(keyword.arg, known),
            tuple(known),
        )
        for keyword in written.keywords
        if keyword.arg is not None and keyword.arg not in known
    ]
    if None not in given:
        problems += [
            Problem("missing-key", f"{name} lacks '{field}'", source.at(written), _values(kind, field))
            for field in required
            if field not in given
        ]
    if written.args:
        message = f"{kind.__name__} takes its fields by name, such as description="
        problems.append(Problem("bad-value", message, source.at(written.args[0])))
    return problems


def _values(kind: type[Any], field: str) -> str | None:
    """A hint with the words that a field of a closed vocabulary takes."""
    from typing import get_args, get_type_hints

    words = [str(word) for word in get_args(get_type_hints(kind)[field]) if isinstance(word, str)]
    return f"{field}= one of {', '.join(words)}" if words else None


def _said(error: BaseException) -> str:
    text = str(error).strip()
    return f"{type(error).__name__}: {text}" if text else type(error).__name__
