"""Checks the inputs of a resource against its SDK's schema, more strictly than the real providers do.

Real providers pass over unknown keys of nested values and convert between strings and numbers;
in a generated program both are mistakes.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterator
from typing import NamedTuple

from tests.clouds import schema
from tests.clouds.shapes import JSON, Fields, Schema, Shape
from tests.clouds.wire import SIGNATURE, UNKNOWN, decoded, is_asset, unwrap

SCALARS: dict[str, tuple[type, ...]] = {"str": (str,), "bool": (bool,), "float": (int, float)}
INTERNAL = ("__defaults", "__internal", "__meta")

ENGINE_GIVEN = ("version", "pluginDownloadURL")
"""What the engine adds to the inputs of providers."""


class Problem(NamedTuple):
    """What is wrong with a property; the path is empty when it is wrong with the resource."""

    path: str
    message: str

    def __str__(self) -> str:
        return f"{self.path}: {self.message}" if self.path else self.message


def violations(token: str, inputs: dict[str, JSON]) -> list[str]:
    """Every way in which camelCase inputs do not fit the schema of the type `token`."""
    return [str(problem) for problem in problems(token, inputs)]


def problems(token: str, inputs: dict[str, JSON]) -> list[Problem]:
    """As `violations`, with the path apart from the message."""
    try:
        found = schema.resource(token)
    except schema.UnknownToken as error:
        return [Problem("", str(error))]
    if token.startswith(schema.PROVIDER):
        inputs = {
            name: _provider_input(found, name, value)
            for name, value in inputs.items()
            if name not in ENGINE_GIVEN
        }
    checker = _Checker(found)
    whole = [Problem("", f"deprecated resource: {found.deprecated}")] if found.deprecated else []
    return [*whole, *checker.fields(found.inputs, inputs, "")]


def _provider_input(found: Schema, name: str, value: JSON) -> JSON:
    shape = found.inputs.properties.get(name)
    return value if shape is None or shape.kind in ("str", "enum") else decoded(value)


class _Checker:
    """Walks values and shapes side by side."""

    def __init__(self, found: Schema) -> None:
        self._objects = found.objects

    def fields(self, fields: Fields, values: dict[str, JSON], path: str) -> Iterator[Problem]:
        for name, value in values.items():
            if name not in INTERNAL:
                yield from self._property(fields, name, value, f"{path}.{name}" if path else name)
        for name in fields.required:
            if unwrap(values.get(name)) is None:
                yield Problem(f"{path}.{name}" if path else name, "missing required property")

    def _property(self, fields: Fields, name: str, value: JSON, path: str) -> Iterator[Problem]:
        if name not in fields.properties:
            yield Problem(path, "unknown property" + _hint(name, fields))
            return
        if unwrap(value) is None:
            return
        if name in fields.deprecated:
            yield Problem(path, f"deprecated property: {fields.deprecated[name]}")
        yield from self.value(fields.properties[name], value, path)

    def value(self, shape: Shape, value: JSON, path: str) -> Iterator[Problem]:
        value = unwrap(value)
        if value is None or value == UNKNOWN or shape.kind == "any":
            return
        if shape.kind == "union":
            yield from self._union(shape, value, path)
        elif shape.kind == "enum":
            yield from _enum(shape, value, path)
        elif not _fits(shape.kind, value):
            yield Problem(path, f"expected {shape.kind}, got {type(value).__name__} {str(value)[:60]!r}")
        elif shape.kind == "object":
            yield from self.fields(self._objects[shape.ref], value, path)
        elif shape.kind == "list":
            for index, item in enumerate(value):
                yield from self.value(shape.of[0], item, f"{path}[{index}]")
        elif shape.kind == "map":
            for key, item in value.items():
                yield from self.value(shape.of[0], item, f"{path}.{key}")

    def _union(self, shape: Shape, value: JSON, path: str) -> Iterator[Problem]:
        """The problems with the member that fits best."""
        attempts = [list(self.value(member, value, path)) for member in shape.of]
        yield from min(attempts, key=len)


def _fits(kind: str, value: JSON) -> bool:
    """Whether the outermost type is right. The engine has one type for numbers, so 5.0 is an int."""
    if kind in ("object", "map"):
        return isinstance(value, dict) and SIGNATURE not in value
    if kind == "list":
        return isinstance(value, list)
    if kind == "asset":
        return is_asset(value)
    if isinstance(value, bool):
        return kind == "bool"
    if kind == "int":
        return isinstance(value, int) or (isinstance(value, float) and value.is_integer())
    return isinstance(value, SCALARS[kind])


def _enum(shape: Shape, value: JSON, path: str) -> Iterator[Problem]:
    """A closed enum takes its values only; an open one any of the same type, as clouds add values."""
    if shape.closed and value not in shape.values:
        yield Problem(path, f"{value!r} is not one of {', '.join(map(str, shape.values))}")
    elif isinstance(value, dict | list | bool):
        yield Problem(path, f"expected a value such as {shape.values[0]!r}, got {type(value).__name__}")


def _hint(name: str, fields: Fields) -> str:
    bare = {known.lower(): known for known in fields.properties}
    close = difflib.get_close_matches(name.lower().replace("_", ""), bare, n=1, cutoff=0.8)
    return f"; did you mean {bare[close[0]]!r}?" if close else ""
