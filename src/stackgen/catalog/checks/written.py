"""Positions of a descriptor's values in its file: `IMPLEMENTATION = Implementation(kept={"s3": ("list",)})`."""

from __future__ import annotations

import ast

from stackgen.catalog.checks.source import SourceText
from stackgen.errors import Position

Path = tuple[str | int, ...]


def call(source: SourceText, name: str) -> ast.Call | None:
    """The call whose result the module assigns to `name`."""
    value = source.find_assignment(name)
    return value if isinstance(value, ast.Call) else None


def at(source: SourceText, name: str, path: Path, *, key: bool = False) -> Position:
    """The place of a value of the descriptor called `name`, or of the nearest thing around it.

    path: field, then keys and indexes. key: the place of the last key itself.
    """
    node: ast.AST | None = source.find_assignment(name)
    for depth, part in enumerate(path):
        step = _step(source, node, part, key=key and depth == len(path) - 1)
        if step is None:
            text = path[-1]
            return source.at((source.constant(text) if isinstance(text, str) else None) or node)
        node = step
    return source.at(node)


def _step(source: SourceText, node: ast.AST | None, part: str | int, *, key: bool) -> ast.AST | None:
    if isinstance(node, ast.Name):
        node = source.find_assignment(node.id)
    if isinstance(node, ast.Call):
        keyword = next((item for item in node.keywords if item.arg == part), None)
        return None if keyword is None else keyword if key else keyword.value
    if isinstance(node, ast.Dict):
        for own, value in zip(node.keys, node.values, strict=True):
            if isinstance(own, ast.Constant) and own.value == part:
                return own if key else value
    if isinstance(node, ast.Tuple | ast.List) and isinstance(part, int) and part < len(node.elts):
        return node.elts[part]
    return None
