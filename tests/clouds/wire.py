"""Property values as the engine sends them: secrets, unknowns, assets and references are marked dicts."""

from __future__ import annotations

import json
from typing import Any

from google.protobuf.json_format import MessageToDict
from google.protobuf.struct_pb2 import Struct

from tests.clouds.shapes import JSON

UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
"""Stands for any value that a preview cannot know."""
SIGNATURE = "4dabf18193072939515e22adb298388d"
"""The key whose value tells what a dict stands for."""
SECRET = "1b47061264138c4ac30d75fd1eb44270"
OUTPUT = "d0e6a833031e9bbcd3f4e8bde6ca49a4"
REFERENCE = "5cf8f73096256a8f31e491e813e4eb8e"
ASSETS = ("c44067f5952c0a294b673a41bacd8c17", "0def7320c3a5731c473e5ecbe6d01bc7")


def unwrap(value: JSON) -> JSON:
    """The value itself, when it is marked as secret or as an output; the id, when it is a reference."""
    while isinstance(value, dict) and SIGNATURE in value:
        if value[SIGNATURE] in (SECRET, OUTPUT):
            value = value.get("value", UNKNOWN)
        elif value[SIGNATURE] == REFERENCE:
            value = value.get("id") or UNKNOWN
        else:
            break
    return value


def plain(value: JSON) -> JSON:
    """The value with no marks in it, down to its leaves; whole numbers are ints."""
    value = unwrap(value)
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [plain(item) for item in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value


def secret(value: JSON) -> JSON:
    """The value marked as secret."""
    return value if is_secret(value) else {SIGNATURE: SECRET, "value": value}


def is_secret(value: JSON) -> bool:
    """Whether the value as a whole is marked as secret."""
    if not isinstance(value, dict):
        return False
    return value.get(SIGNATURE) == SECRET or (value.get(SIGNATURE) == OUTPUT and bool(value.get("secret")))


def secret_paths(value: JSON, path: str = "") -> list[str]:
    """Where in a value there are secrets: `masterPassword`, `environment.variables.KEY`."""
    if is_secret(value):
        return [path]
    value = unwrap(value)
    if isinstance(value, dict):
        named = ((f"{path}.{key}" if path else key, item) for key, item in value.items())
    elif isinstance(value, list):
        named = ((f"{path}[{index}]", item) for index, item in enumerate(value))
    else:
        return []
    return [found for name, item in named for found in secret_paths(item, name)]


def is_asset(value: JSON) -> bool:
    return isinstance(value, dict) and value.get(SIGNATURE) in ASSETS


def from_struct(struct: Struct) -> dict[str, JSON]:
    """A message as a dict; marks stay."""
    return MessageToDict(struct)


def to_struct(values: dict[str, JSON]) -> Struct:
    struct = Struct()
    struct.update(values)
    return struct


def decoded(value: JSON) -> JSON:
    """A provider's own argument, which the SDKs send as JSON text unless it is a string."""
    value = unwrap(value)
    if not isinstance(value, str) or value == UNKNOWN:
        return value
    try:
        parsed: Any = json.loads(value)
    except ValueError:
        return value
    return parsed
