"""YAML as YAML 1.2 means it, with the place of every value, and nothing in it that can surprise."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import yaml

from stackgen.errors import MANY, Position, Problem, StackgenError, and_more

DEEPEST = 32
LARGEST = 2 * 1024 * 1024  # bytes
MOST = 100_000  # values, keys among them
Path = tuple[str | int, ...]

_INTEGER = re.compile(r"[-+]?[0-9]{1,40}|0o[0-7]{1,40}|0x[0-9a-fA-F]{1,40}")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]{1,4})?")
_NOT_FINITE = re.compile(r"[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)")
_PLAIN = {"true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False}
_NULLS = {"", "~", "null", "Null", "NULL"}
_HIDDEN = re.compile(
    r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\x85\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff\ud800-\udfff]"
)
_yaml: Any = yaml  # its stubs leave these functions untyped
_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class Positions:
    """Where everything in one document stands."""

    def __init__(self, file: str, text: str) -> None:
        self.file = file
        self.lines = text.split("\n")
        self.marks: dict[Path, tuple[int, int]] = {}

    def at(self, path: Path) -> Position:
        """The place of the value (or key) at `path`, or of the nearest thing around it."""
        while path and path not in self.marks:
            path = path[:-1]
        line, column = self.marks.get(path, (0, 0))
        return self.point(line, column)

    def point(self, line: int, column: int) -> Position:
        """A place by line and column, counted from 0."""
        text = self.lines[line].rstrip("\r") if line < len(self.lines) else ""
        return Position(self.file, line + 1, column + 1, text[:200])


def read(data: bytes, file: str) -> tuple[Any, Positions]:
    """The one document in `data` as plain values, and their positions.

    Raises StackgenError(invalid-yaml) with every problem found: syntax, duplicate keys, anchors, tags,
    numbers that are not finite, hidden characters, too deep or too large a document. Of many, the first 100.
    """
    if len(data) > LARGEST:
        raise _error(f"{file} is larger than {LARGEST // 1024 // 1024} MB", Position(file, 1, 1))
    try:
        text = data.decode("utf-8-sig")  # a byte order mark may begin a file, and stand nowhere else
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n")
        raise _error(f"{file} is not UTF-8 at byte {error.start}", Position(file, line + 1, 1)) from None
    positions = Positions(file, text)
    hidden = _HIDDEN.search(text)
    if hidden is not None:
        line = text.count("\n", 0, hidden.start())
        column = hidden.start() - (text.rfind("\n", 0, hidden.start()) + 1)
        message = f"a hidden or control character (U+{ord(hidden.group()):04X}) is not allowed"
        place = positions.point(line, column)
        raise _error(message, Position(place.file, place.line, place.column))
    _refuse_surprises(text, positions)
    return _Builder(positions).build(_compose(text, positions)), positions


def _refuse_surprises(text: str, positions: Positions) -> None:
    """Look at the parser's events, so that no deep or self-referring document is ever built."""
    depth = count = 0
    for event in _events(text, positions):
        mark = event.start_mark
        place = positions.point(mark.line, mark.column)
        if isinstance(event, (yaml.MappingEndEvent, yaml.SequenceEndEvent)):
            depth -= 1
        elif isinstance(event, yaml.AliasEvent):
            raise _error(f"aliases are not allowed: '*{event.anchor}'", place, "write the value out")
        elif isinstance(event, yaml.NodeEvent):
            tag: str | None = getattr(event, "tag", None)
            if tag is not None:
                raise _error(f"tags are not allowed: {tag.replace('tag:yaml.org,2002:', '!!')}", place)
            if event.anchor is not None:
                raise _error(f"anchors are not allowed: '&{event.anchor}'", place, "write the value out")
            count += 1
            if count > MOST:
                raise _error(f"more than {MOST:,} values", place)
            depth += not isinstance(event, yaml.ScalarEvent)
            if depth > DEEPEST:
                raise _error(f"nested deeper than {DEEPEST} levels", place)


def _events(text: str, positions: Positions) -> Iterator[Any]:
    try:
        yield from _yaml.parse(text, Loader=_LOADER)
    except yaml.YAMLError as error:
        raise _syntax(error, positions) from None


def _compose(text: str, positions: Positions) -> Any:
    try:
        return _yaml.compose(text, Loader=_LOADER)
    except yaml.YAMLError as error:
        raise _syntax(error, positions) from None


def _syntax(error: yaml.YAMLError, positions: Positions) -> StackgenError:
    mark: Any = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
    problem = getattr(error, "problem", None) or "it can't be read"
    if "expected a single document" in str(error) or "but found another document" in str(problem):
        problem = "one document is expected, and here another begins"
    context = getattr(error, "context", None)
    message = f"this is not valid YAML: {problem}{f' {context}' if context else ''}"
    place = positions.point(mark.line, mark.column) if mark is not None else Position(positions.file, 1, 1)
    return _error(message, place)


def _error(message: str, place: Position, hint: str | None = None) -> StackgenError:
    return StackgenError(Problem("invalid-yaml", message, place, hint))


class _Builder:
    """Turns a node tree into plain values, noting positions and problems on the way."""

    def __init__(self, positions: Positions) -> None:
        self.positions = positions
        self.problems: list[Problem] = []

    def build(self, node: Any) -> Any:
        value = None if node is None else self._value(node, ())
        if self.problems:
            raise StackgenError(self.problems)
        return value

    def _value(self, node: Any, path: Path) -> Any:
        mark = node.start_mark
        self.positions.marks.setdefault(path, (mark.line, mark.column))
        if isinstance(node, yaml.MappingNode):
            return self._mapping(node, path)
        if isinstance(node, yaml.SequenceNode):
            items: list[Any] = node.value
            return [self._value(item, (*path, index)) for index, item in enumerate(items)]
        return self._scalar(node)

    def _mapping(self, node: Any, path: Path) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for key_node, value_node in node.value:
            if not isinstance(key_node, yaml.ScalarNode):
                self._note(key_node, "a key must be a plain string")
                continue
            key: str = key_node.value
            self._refuse_hidden(key_node, key)
            if key == "<<" and not key_node.style:
                self._note(key_node, "merge keys are not allowed", "write the values out")
            elif key in found:
                self._note(key_node, f"'{key}' is given twice")
            else:
                mark = key_node.start_mark
                self.positions.marks[(*path, key)] = (mark.line, mark.column)
                found[key] = self._value(value_node, (*path, key))
                if not isinstance(value_node, yaml.CollectionNode):
                    mark = value_node.start_mark
                    self.positions.marks[(*path, key)] = (mark.line, mark.column)
        return found

    def _scalar(self, node: Any) -> Any:
        text: str = node.value
        if node.style:  # quoted or block: text, whatever it looks like
            self._refuse_hidden(node, text)
            return text
        if text in _NULLS:
            return None
        if text in _PLAIN:
            return _PLAIN[text]
        if _INTEGER.fullmatch(text):
            return int(text, 0) if text[1:2] in ("o", "x") else int(text)
        if _NOT_FINITE.fullmatch(text):
            self._note(node, f"{text} is not a finite number")
            return None
        if _FLOAT.fullmatch(text):
            return self._float(node, text)
        return text

    def _refuse_hidden(self, node: Any, text: str) -> None:
        """What may not stand in a spec may not be spelled in it either, as in "\\e"."""
        hidden = _HIDDEN.search(text) if node.style == '"' else None
        if hidden is not None:
            self._note(node, f"a hidden or control character (U+{ord(hidden.group()):04X}) is not allowed")

    def _float(self, node: Any, text: str) -> float | None:
        number = float(text)
        if number in (float("inf"), float("-inf")):
            self._note(node, f"{text} is not a finite number")
            return None
        return number

    def _note(self, node: Any, message: str, hint: str | None = None) -> None:
        place = self.positions.point(node.start_mark.line, node.start_mark.column)
        self.problems.append(Problem("invalid-yaml", message, place, hint))
        if len(self.problems) == MANY:
            raise StackgenError([*self.problems, and_more(None)])
