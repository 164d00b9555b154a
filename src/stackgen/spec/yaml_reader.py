"""YAML as YAML 1.2 means it, with the place of every value, and nothing in it that can surprise."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import yaml

from stackgen.errors import MAX_PROBLEMS, Position, Problem, StackgenError, more_problems

MAX_DEPTH = 32
MAX_DOCUMENT_BYTES = 2 * 1024 * 1024  # bytes
MAX_VALUES = 100_000  # values, keys among them
ValuePath = tuple[str | int, ...]

_INTEGER = re.compile(r"[-+]?[0-9]{1,40}|0o[0-7]{1,40}|0x[0-9a-fA-F]{1,40}")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]{1,4})?")
_NOT_FINITE = re.compile(r"[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)")
_PLAIN = {"true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False}
_NULLS = {"", "~", "null", "Null", "NULL"}
_NON_TEXT_PREFIXES = frozenset("+-.0123456789~nNtTfF")  # what begins anything but text
_HIDDEN = re.compile(
    r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\x85\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff\ud800-\udfff]"
)
_yaml: Any = yaml  # its stubs leave these functions untyped
_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class Positions:
    """Positions of all values in one document."""

    def __init__(self, file: str, text: str) -> None:
        self.file = file
        self.lines = text.split("\n")
        self.marks: dict[ValuePath, tuple[int, int]] = {}

    def at(self, path: ValuePath) -> Position:
        """The place of the value (or key) at `path`, or of the nearest thing around it."""
        while path and path not in self.marks:
            path = path[:-1]
        line, column = self.marks.get(path, (0, 0))
        return self.point(line, column)

    def point(self, line: int, column: int) -> Position:
        """A place by line and column, counted from 0."""
        text = self.lines[line].rstrip("\r") if line < len(self.lines) else ""
        return Position(self.file, line + 1, column + 1, text[:200])


def read_yaml(data: bytes, file: str) -> tuple[Any, Positions]:
    """The one document in `data` as plain values, and their positions.

    Raises StackgenError(invalid-yaml) with every problem: syntax, duplicate keys, anchors, tags,
    numbers that are not finite, hidden characters, too deep or too large a document. Of many, the first 100.
    """
    if len(data) > MAX_DOCUMENT_BYTES:
        raise _error(f"{file} is larger than {MAX_DOCUMENT_BYTES // 1024 // 1024} MB", Position(file, 1, 1))
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
    loader = _LOADER(text)
    try:
        return _Builder(positions, loader.get_event).build(), positions
    except yaml.YAMLError as error:
        raise _syntax(error, positions) from None
    finally:
        loader.dispose()


def _syntax(error: yaml.YAMLError, positions: Positions) -> StackgenError:
    mark: Any = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
    problem = getattr(error, "problem", None) or "it can't be read"
    context = getattr(error, "context", None)
    message = f"this is not valid YAML: {problem}{f' {context}' if context else ''}"
    place = positions.point(mark.line, mark.column) if mark is not None else Position(positions.file, 1, 1)
    return _error(message, place)


def _error(message: str, place: Position, hint: str | None = None) -> StackgenError:
    return StackgenError(Problem("invalid-yaml", message, place, hint))


class _Builder:
    """Turns the parser's events into plain values, noting positions and problems on the way.

    No tree of nodes is ever made: what is too deep, refers to itself or has a tag ends the reading where it
    stands.
    """

    def __init__(self, positions: Positions, event: Callable[[], Any]) -> None:
        self.positions = positions
        self.event = event
        self.count = 0
        self.problems: list[Problem] = []

    def build(self) -> Any:
        """The only document's value; None if there is nothing in the file."""
        self.event()  # the stream's start
        value = None
        if isinstance(self.event(), yaml.DocumentStartEvent):
            value = self._value(self.event(), (), 1)
            self.event()  # the document's end
            another = self.event()
            if isinstance(another, yaml.DocumentStartEvent):
                message = "one document is expected, and here another begins"
                raise _error(f"this is not valid YAML: {message}", self._place(another))
        if self.problems:
            raise StackgenError(self.problems)
        return value

    def _value(self, event: Any, path: ValuePath, depth: int) -> Any:
        kind = type(event)
        self._count(event)
        if kind is yaml.ScalarEvent and event.tag is None and event.anchor is None:
            mark = event.start_mark
            self.positions.marks[path] = (mark.line, mark.column)
            if not event.style:
                return self._plain(event)
            self._refuse_hidden(event, event.value)  # quoted or block: text, whatever it looks like
            return event.value
        self._refuse_surprises(event, depth)
        mark = event.start_mark
        self.positions.marks.setdefault(path, (mark.line, mark.column))
        if kind is yaml.MappingStartEvent:
            return self._mapping(path, depth)
        items: list[Any] = []
        while type(item := self.event()) is not yaml.SequenceEndEvent:
            items.append(self._value(item, (*path, len(items)), depth + 1))
        return items

    def _mapping(self, path: ValuePath, depth: int) -> dict[str, Any]:
        found: dict[str, Any] = {}
        while type(event := self.event()) is not yaml.MappingEndEvent:
            self._count(event)
            self._refuse_surprises(event, depth + 1)
            if type(event) is not yaml.ScalarEvent:
                self._note(event, "a key must be a plain string")
                self._skip(event, depth + 1)
                self._skip(self.event(), depth + 1)
                continue
            key: str = event.value
            self._refuse_hidden(event, key)
            if key == "<<" and not event.style:
                self._note(event, "merge keys are not allowed", "write the values out")
                self._skip(self.event(), depth + 1)
            elif key in found:
                self._note(event, f"'{key}' is given twice")
                self._skip(self.event(), depth + 1)
            else:
                mark = event.start_mark
                inner = (*path, key)
                self.positions.marks[inner] = (mark.line, mark.column)
                found[key] = self._value(self.event(), inner, depth + 1)
        return found

    def _skip(self, event: Any, depth: int) -> None:
        """Skip a rejected value, still refusing anchors, tags and depth."""
        self._count(event)
        self._refuse_surprises(event, depth)
        if isinstance(event, yaml.CollectionStartEvent):
            while not isinstance(inner := self.event(), yaml.CollectionEndEvent):
                self._skip(inner, depth + 1)

    def _count(self, event: Any) -> None:
        self.count += 1
        if self.count > MAX_VALUES:
            raise _error(f"more than {MAX_VALUES:,} values", self._place(event))

    def _refuse_surprises(self, event: Any, depth: int) -> None:
        if isinstance(event, yaml.AliasEvent):
            hint = "write the value out"
            raise _error(f"aliases are not allowed: '*{event.anchor}'", self._place(event), hint)
        if event.tag is not None:
            tag = str(event.tag).replace("tag:yaml.org,2002:", "!!")
            raise _error(f"tags are not allowed: {tag}", self._place(event))
        if event.anchor is not None:
            hint = "write the value out"
            raise _error(f"anchors are not allowed: '&{event.anchor}'", self._place(event), hint)
        if depth > MAX_DEPTH and isinstance(event, yaml.CollectionStartEvent):
            raise _error(f"nested deeper than {MAX_DEPTH} levels", self._place(event))

    def _place(self, event: Any) -> Position:
        return self.positions.point(event.start_mark.line, event.start_mark.column)

    def _plain(self, event: Any) -> Any:
        """What an unquoted scalar means in YAML 1.2."""
        text: str = event.value
        if text and text[0] not in _NON_TEXT_PREFIXES:
            return text
        if text in _NULLS:
            return None
        if text in _PLAIN:
            return _PLAIN[text]
        if _INTEGER.fullmatch(text):
            return int(text, 0) if text[1:2] in ("o", "x") else int(text)
        if _NOT_FINITE.fullmatch(text):
            self._note(event, f"{text} is not a finite number")
            return None
        if _FLOAT.fullmatch(text):
            return self._float(event, text)
        return text

    def _refuse_hidden(self, event: Any, text: str) -> None:
        """What may not stand in a spec may not be spelled in it either, as in "\\e"."""
        hidden = _HIDDEN.search(text) if event.style == '"' else None
        if hidden is not None:
            self._note(event, f"a hidden or control character (U+{ord(hidden.group()):04X}) is not allowed")

    def _float(self, event: Any, text: str) -> float | None:
        number = float(text)
        if number in (float("inf"), float("-inf")):
            self._note(event, f"{text} is not a finite number")
            return None
        return number

    def _note(self, event: Any, message: str, hint: str | None = None) -> None:
        self.problems.append(Problem("invalid-yaml", message, self._place(event), hint))
        if len(self.problems) == MAX_PROBLEMS:
            raise StackgenError([*self.problems, more_problems(None)])
