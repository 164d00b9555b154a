"""What a schema says of a resource, as values that go to JSON and back."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any

JSON = Any
"""What `json` reads and writes."""


@dataclass(frozen=True)
class Shape:
    """The type of one property.

    `kind` is one of str, int, float, bool, any, asset, enum, list, map, object, union. `of` holds the
    element of a list or map and the members of a union; `ref` names the object in `Schema.objects`.
    """

    kind: str
    of: tuple[Shape, ...] = ()
    values: tuple[JSON, ...] = ()
    closed: bool = False
    ref: str = ""


@dataclass(frozen=True)
class Fields:
    """The properties of an object: of a resource's inputs or outputs, or of a value nested in them."""

    properties: dict[str, Shape] = field(default_factory=dict[str, Shape])
    required: tuple[str, ...] = ()
    deprecated: dict[str, str] = field(default_factory=dict[str, str])


@dataclass(frozen=True)
class Schema:
    """One resource or one function; everything it refers to is in `objects`.

    `outputs.required` are the outputs that a living resource always has.
    """

    token: str
    inputs: Fields
    outputs: Fields
    secrets: tuple[str, ...] = ()
    deprecated: str = ""
    objects: dict[str, Fields] = field(default_factory=dict[str, Fields])


def to_json(schema: Schema) -> JSON:
    return asdict(schema)


def from_json(data: JSON) -> Schema:
    return Schema(
        token=data["token"],
        inputs=_fields(data["inputs"]),
        outputs=_fields(data["outputs"]),
        secrets=tuple(data["secrets"]),
        deprecated=data["deprecated"],
        objects={ref: _fields(value) for ref, value in data["objects"].items()},
    )


def _fields(data: JSON) -> Fields:
    properties = {name: _shape(shape) for name, shape in data["properties"].items()}
    return Fields(properties, tuple(data["required"]), dict(data["deprecated"]))


def _shape(data: JSON) -> Shape:
    members = tuple(_shape(member) for member in data["of"])
    return Shape(data["kind"], members, tuple(data["values"]), data["closed"], data["ref"])
