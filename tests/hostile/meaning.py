"""What a generated program means, whatever strings are in it: its syntax trees, documents and diagrams."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator
from typing import Any

import yaml
from markdown_it import MarkdownIt
from markdown_it.token import Token

MERMAID = re.compile(
    r'flowchart LR|    [a-z][a-z0-9_]*\["[a-z0-9-]+<br/>[a-z0-9-]+/[a-z0-9-]+"\]'
    r"|    [a-z][a-z0-9_]* (-->|-\.->) [a-z][a-z0-9_]*"
)
_MARKDOWN = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])


def python(source: bytes) -> str:
    """The syntax tree without its strings."""
    tree = ast.parse(source)
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            node.value = ""
    return ast.dump(tree)


def strings(source: bytes) -> set[str]:
    """The strings of a syntax tree."""
    nodes = ast.walk(ast.parse(source))
    return {node.value for node in nodes if isinstance(node, ast.Constant) and isinstance(node.value, str)}


def document(content: Any, given: str) -> Any:
    """A YAML or JSON value without its strings; of the keys, `given` alone is the user's."""
    if isinstance(content, dict):
        return {
            "" if key == given else key: len(value) if key == "labels" else document(value, given)
            for key, value in content.items()
        }
    if isinstance(content, list):
        return [document(value, given) for value in content]
    return "" if isinstance(content, str) else content


def markdown(source: bytes) -> list[tuple[str, str]]:
    """The kinds of everything in a Markdown text: text itself is all one kind; diagrams are checked in passing."""
    return list(_kinds(_MARKDOWN.parse(source.decode())))


def _kinds(tokens: list[Token]) -> Iterator[tuple[str, str]]:
    before = None
    for token in tokens:
        if token.type == "fence" and token.info == "mermaid":
            wrong = [line for line in token.content.splitlines() if not MERMAID.fullmatch(line)]
            assert wrong == []
        kind = "text" if token.type in ("text", "text_special") else token.type
        if token.children is not None:
            yield from _kinds(token.children)
        elif kind != "text" or before != "text":
            yield kind, json.dumps(token.attrs, sort_keys=True)
        before = kind


def meaning(files: dict[str, bytes], given: str) -> dict[str, Any]:
    """Everything that texts of a program mean, by path, when `given` is the string that a user gave."""
    found: dict[str, Any] = {}
    for path, data in files.items():
        if path.endswith(".py"):
            found[path] = python(data)
        elif path.endswith((".yaml", ".yml")):
            found[path] = document(yaml.safe_load(data), given)
        elif path.endswith(".json"):
            found[path] = document(json.loads(data), given)
        elif path.endswith(".md"):
            found[path] = markdown(data)
        else:
            found[path] = data
    return found
