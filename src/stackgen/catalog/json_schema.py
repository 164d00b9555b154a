"""JSON Schema (draft-07) of a spec, composed from the models of spec, capabilities and implementations."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from pydantic import BaseModel

from stackgen.catalog.shelf import Shelf
from stackgen.spec.stack import Component, ComponentOverride, Stack

DRAFT = "http://json-schema.org/draft-07/schema#"


def json_schema(shelf: Shelf) -> dict[str, Any]:
    """The schema editors use: every field with description and default, options by capability."""
    schema = _model(Stack)
    definitions = schema.pop("definitions")
    definitions["Component"] = _component(shelf)
    definitions["ComponentOverride"] = _override(shelf)
    return {"$schema": DRAFT, **schema, "title": "stackgen stack", "definitions": definitions}


def _component(shelf: Shelf) -> dict[str, Any]:
    """One alternative per capability; `capability` decides, so that an editor shows the right options."""
    names = [name for name in shelf.capability_names if not shelf.capability(name).internal]
    base = _model(Component)
    capability = base["properties"]["capability"]
    rules = [
        {
            "if": {"properties": {"capability": {"const": name}}, "required": ["capability"]},
            "then": _capability(shelf, name, base),
        }
        for name in names
    ]
    return {
        "type": "object",
        "required": ["capability"],
        "properties": {"capability": {**capability, "enum": names}},
        "allOf": rules,
    }


def _capability(shelf: Shelf, name: str, base: dict[str, Any]) -> dict[str, Any]:
    capability = shelf.capability(name)
    options = _options(shelf, name)
    properties = {**base["properties"], **options.get("properties", {})}
    offered = sorted(shelf.implementations[name])
    properties["implementation"] = {**properties["implementation"], "enum": [*offered, None]}
    properties["settings"] = _settings(shelf, name, properties["settings"])
    return {
        "description": capability.description,
        "properties": properties,
        "required": options.get("required", []),
        "additionalProperties": False,
    }


def _settings(shelf: Shelf, name: str, base: Mapping[str, Any]) -> dict[str, Any]:
    """Settings of any implementation on offer; the planner checks them against the chosen one."""
    found: dict[str, list[Any]] = {}
    for entry in shelf.implementations[name].values():
        model = _model(entry.implementation.settings)
        for key, schema in model.get("properties", {}).items():
            whole = _inlined(schema, model.get("definitions", {}))
            if whole not in found.setdefault(key, []):
                found[key].append(whole)
    properties = {key: _any_of(schemas) for key, schemas in found.items()}
    return {**base, "properties": properties, "additionalProperties": False}


def _options(shelf: Shelf, name: str) -> dict[str, Any]:
    """A capability's options, nested models where they are used."""
    model = _model(shelf.capability(name).options)
    definitions = model.pop("definitions", {})
    return _inlined(model, definitions)


def _any_of(schemas: list[Any]) -> dict[str, Any]:
    """What one implementation or another takes under the same name."""
    if len(schemas) == 1:
        return schemas[0]
    return {"description": schemas[0].get("description", ""), "anyOf": schemas}


def _inlined(node: Any, definitions: Mapping[str, Any]) -> Any:
    """Nested models where they are used: definitions of many implementations could share a name."""
    if isinstance(node, list):
        return [_inlined(item, definitions) for item in cast("list[Any]", node)]
    if not isinstance(node, dict):
        return node
    found = cast("dict[str, Any]", node)
    if "$ref" in found:
        return _inlined(definitions[str(found["$ref"]).rsplit("/", 1)[-1]], definitions)
    return {key: _inlined(value, definitions) for key, value in found.items()}


def _override(shelf: Shelf) -> dict[str, Any]:
    """What may differ in an environment: any capability's options."""
    base = _model(ComponentOverride)
    second = base.pop("definitions")["Box"]
    options: dict[str, Any] = {}
    for name in shelf.capability_names:
        options |= _options(shelf, name).get("properties", {})
    described = base["properties"]["beside"]["description"]
    second |= {"properties": {**options, **second["properties"]}, "additionalProperties": False}
    beside: dict[str, Any] = {
        "description": described,
        "anyOf": [{**second, "description": described}, {"type": "null"}],
    }
    properties = {**options, **base["properties"], "beside": beside}
    return {**base, "properties": properties, "additionalProperties": False}


def _model(model: type[BaseModel]) -> dict[str, Any]:
    """Pydantic's schema as draft-07: `definitions`, no `prefixItems`, no siblings beside a `$ref`."""
    schema = model.model_json_schema(by_alias=True, ref_template="#/definitions/{model}")
    schema = {("definitions" if key == "$defs" else key): value for key, value in schema.items()}
    return cast("dict[str, Any]", _draft_07(schema))


def _draft_07(node: Any) -> Any:
    if isinstance(node, list):
        return [_draft_07(item) for item in cast("list[Any]", node)]
    if not isinstance(node, dict):
        return node
    found = {str(key): _draft_07(value) for key, value in cast("dict[Any, Any]", node).items()}
    if "$ref" in found and len(found) > 1:
        found["allOf"] = [{"$ref": found.pop("$ref")}]
    return found
