"""What a program registered, as the JSON configuration that OpenTofu reads.

The recorded values are concrete (the mocks answer as a cloud would), so every one of them is judged.
https://opentofu.org/docs/language/syntax/json/
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.clouds.recording import Recording, Resource
from tests.clouds.shapes import JSON
from tests.provider_truth.naming import BETA, RENAMED, matched, type_of

Block = Mapping[str, Any]
NAMED_BY_PULUMI = "autonamed"


@dataclass
class Translation:
    """resources: type → name → body. unmapped: properties the judge has no field for. left_out: token → how many."""

    resources: dict[str, dict[str, JSON]] = field(default_factory=dict[str, dict[str, JSON]])
    unmapped: list[str] = field(default_factory=list[str])
    left_out: Counter[str] = field(default_factory=Counter[str])

    @property
    def judged(self) -> int:
        """How many resources are translated."""
        return sum(len(found) for found in self.resources.values())

    def document(self, providers: Mapping[str, JSON]) -> dict[str, JSON]:
        """The whole main.tf.json."""
        wanted = {name: {"source": f"hashicorp/{name}"} for name in providers}
        return {
            "terraform": {"required_providers": wanted},
            "provider": dict(providers),
            "resource": self.resources,
        }


def translate(recording: Recording, schemas: Mapping[str, Mapping[str, Block]]) -> Translation:
    """schemas: Pulumi's package → type → block, as `tofu providers schema` has them."""
    made = Translation()
    for resource in recording.resources:
        package = resource.type.partition(":")[0]
        if not resource.custom or package == "pulumi":
            continue
        if package not in schemas or resource.type in BETA:
            made.left_out[resource.type] += 1
            continue
        name = type_of(resource.type, schemas[package])
        if name is None:
            made.unmapped.append(f"{resource.type}: no such resource")
            continue
        body = one(resource, schemas[package][name], made.unmapped)
        made.resources.setdefault(name, {})[label(resource.name)] = body
    return made


def one(resource: Resource, block: Block, unmapped: list[str]) -> dict[str, JSON]:
    """The body of one resource."""
    given = dict(resource.inputs)
    for name, other in RENAMED.get(resource.type, {}).items():
        if name in given:
            given[other] = "archive.zip" if other == "filename" else given.pop(name)
            given.pop(name, None)
    body = _object(given, block, resource.type, unmapped)
    for name, attribute in block.get("attributes", {}).items():
        if attribute.get("required") and name not in body and attribute.get("type") == "string":
            body[name] = f"{label(resource.name)[:40]}-{NAMED_BY_PULUMI}".lower()
    return body


def label(name: str) -> str:
    """A resource's name as Terraform allows it."""
    cleaned = re.sub(r"[^A-Za-z0-9_-]", "_", name)
    return cleaned if cleaned[0].isalpha() or cleaned[0] == "_" else f"_{cleaned}"


def _fields(block: Block) -> dict[str, Any]:
    return {**block.get("attributes", {}), **block.get("block_types", {})}


def _object(values: Mapping[str, JSON], block: Block, path: str, unmapped: list[str]) -> dict[str, JSON]:
    given = {key: value for key, value in values.items() if value is not None and not key.startswith("__")}
    fields = _fields(block)
    names, strangers = matched(given, fields)
    unmapped += [f"{path}.{key}" for key in strangers]
    return {
        name: _value(given[key], fields[name], f"{path}.{key}", unmapped)
        for key, name in sorted(names.items(), key=lambda pair: pair[1])
    }


def _value(value: JSON, described: Block, path: str, unmapped: list[str]) -> JSON:
    if "block" in described:
        return _nested(value, described["block"], described["nesting_mode"], path, unmapped)
    if "nested_type" in described:
        nested = described["nested_type"]
        return _nested(value, nested, nested["nesting_mode"], path, unmapped)
    return _typed(value, described.get("type"), path, unmapped)


def _nested(value: JSON, block: Block, mode: str, path: str, unmapped: list[str]) -> JSON:
    """An object, or a list of them; where the list may hold one, Pulumi has the object alone."""
    if mode == "map":
        return {key: _object(item, block, path, unmapped) for key, item in value.items()}
    if mode in ("single", "group"):
        return _object(value, block, path, unmapped)
    items = value if isinstance(value, list) else [value]
    return [_object(item, block, path, unmapped) for item in items]


def _typed(value: JSON, kind: JSON, path: str, unmapped: list[str]) -> JSON:
    """A value of one of Terraform's types: a name, or [collection, type of its elements]."""
    if not isinstance(kind, list):
        return _scalar(value, kind)
    collection, of = kind
    if collection == "map":
        return {key: _typed(item, of, path, unmapped) for key, item in value.items()}
    if collection == "object":
        empty = dict.fromkeys(of)
        block = {"attributes": {name: {"type": element} for name, element in of.items()}}
        return {**empty, **_object(value, block, path, unmapped)}
    items = value if isinstance(value, list) else [value]
    return [_typed(item, of, path, unmapped) for item in items]


def _scalar(value: JSON, kind: JSON) -> JSON:
    if isinstance(value, (dict, list)):
        return literal(json.dumps(value, sort_keys=True))
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return literal(value) if isinstance(value, str) else value


def literal(text: str) -> str:
    """A text that OpenTofu does not take for a template."""
    return text.replace("${", "$${").replace("%{", "%%{")
