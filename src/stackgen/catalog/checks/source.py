"""A Python file of a catalog as syntax, so that problems can name the line they are about."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, cast

from pydantic import BaseModel

from stackgen import checkout
from stackgen.errors import Position, Problem, StackgenError

LONGEST = 200  # characters of a line that are quoted


@dataclass(frozen=True)
class SourceText:
    """One file: its path, its text and its syntax tree."""

    path: Path
    text: str
    tree: ast.Module

    @cached_property
    def name(self) -> str:
        """The path as messages show it."""
        return shorten_path(self.path)

    def at(self, node: ast.AST | None) -> Position:
        """Return the position where a node begins; the first line for None."""
        line, column = getattr(node, "lineno", 1), getattr(node, "col_offset", 0)
        return position(self.path, self.text, line, column)

    def classes(self) -> dict[str, ast.ClassDef]:
        """Name → class, of the module's own level."""
        return {node.name: node for node in self.tree.body if isinstance(node, ast.ClassDef)}

    def find_assignment(self, name: str) -> ast.expr | None:
        """Return what the module's own level assigns to a name; None where it is not assigned, or more than once."""
        values = [value for target, value in assignments(self.tree.body) if ast.unparse(target) == name]
        return values[0] if len(values) == 1 else None

    def constant(self, text: str) -> ast.AST | None:
        """The first string of exactly this text."""
        return next(
            (node for node in ast.walk(self.tree) if isinstance(node, ast.Constant) and node.value == text),
            None,
        )


def read_source(path: Path) -> SourceText:
    """Read and parse a file. Raises StackgenError(catalog-invalid) for what is no Python, and OSError."""
    try:
        text = checkout.read_text(path)
        return SourceText(path, text, ast.parse(text))
    except UnicodeDecodeError as error:
        message = f"{path.name} is not UTF-8 text"
        raise StackgenError(Problem("catalog-invalid", message, position(path, "", 1, 0))) from error
    except SyntaxError as error:
        raise StackgenError(syntax_problem(path, error)) from None
    except (ValueError, RecursionError, MemoryError) as error:  # NUL in the text, or brackets without end
        message = f"{path.name} is no Python: {error or type(error).__name__}"
        raise StackgenError(Problem("catalog-invalid", message, position(path, "", 1, 0))) from None


def syntax_problem(path: Path, error: SyntaxError) -> Problem:
    """Return where Python stops reading a file, and why."""
    line = (error.text or "").rstrip("\r\n")[:LONGEST]
    column = max(error.offset or 1, 1)
    place = Position(shorten_path(path), error.lineno or 1, column, line)
    return Problem("catalog-invalid", f"{path.name} is no Python: {error.msg}", place)


def position(path: Path, text: str, line: int, column: int) -> Position:
    """A place in a file. line counts from 1, column from 0 and in bytes of UTF-8, as `ast` has them."""
    lines = text.split("\n")
    written = lines[line - 1].rstrip("\r") if line <= len(lines) else ""
    characters = len(written.encode()[:column].decode(errors="replace"))
    return Position(shorten_path(path), line, characters + 1, written[:LONGEST])


def shorten_path(path: Path) -> str:
    """A path as short as it can be said from the current folder."""
    from stackgen.spec.loading import short_path as short

    return short(path)


def fields_of(node: ast.ClassDef | None) -> dict[str, ast.AnnAssign]:
    """Field → its line, of a model or dataclass; inherited ones are left out."""
    return {
        line.target.id: line
        for line in (node.body if node is not None else [])
        if isinstance(line, ast.AnnAssign) and isinstance(line.target, ast.Name)
    }


def is_plain(value: Any) -> bool:
    """Say whether a program can be written with a value: text, numbers, truth, lists, mappings and models of these."""
    if isinstance(value, BaseModel):
        return all(is_plain(item) for _, item in value)
    if isinstance(value, dict):
        items = cast("dict[Any, Any]", value).items()
        return all(isinstance(key, str) and is_plain(item) for key, item in items)
    if isinstance(value, list | tuple):
        return all(is_plain(item) for item in cast("Sequence[Any]", value))
    return value is None or type(value) in (str, int, float, bool)


def assignments(body: Sequence[ast.stmt]) -> Iterator[tuple[ast.expr, ast.expr]]:
    """Target and value of each assignment among these statements; nested ones are left out."""
    for statement in body:
        if isinstance(statement, ast.Assign):
            yield from ((target, statement.value) for target in statement.targets)
        elif isinstance(statement, ast.AnnAssign) and statement.value is not None:
            yield statement.target, statement.value
