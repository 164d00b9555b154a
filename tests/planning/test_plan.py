"""Planning: defaults, sizes, overrides, wiring, order."""

from __future__ import annotations

from pathlib import Path

import jsonschema
import pytest

from stackgen.catalog.json_schema import json_schema
from stackgen.catalog.shelf import Shelf
from stackgen.planning.plan import plan_environment
from stackgen.spec.loading import load_spec, parse_spec
from stackgen.spec.yaml_reader import read_yaml

pytestmark = pytest.mark.unit
ROOT = Path(__file__).parents[2]
EXAMPLE = ROOT / "blueprints" / "rag-assistant" / "stack.yaml"
SHELF = Shelf()


def test_what_is_needed_comes_first() -> None:
    found = plan_environment(load_spec(EXAMPLE), "dev", SHELF)
    names = [item.name for item in found.components]
    for item in found.components:
        assert all(names.index(other) < names.index(item.name) for other in item.mentions)


def test_watching_all_leaves_out_consumers_and_what_has_no_bindings() -> None:
    watched = (
        plan_environment(load_spec(EXAMPLE), "dev", SHELF).by_name["monitoring"].references["watches"].names
    )
    assert set(watched) == {"knowledge", "embedder", "chat", "gateway", "documents", "registry", "triage"}


def test_sizes_then_settings_then_the_environment() -> None:
    text = b"""
apiVersion: stackgen/v1
name: case
components:
  knowledge: {capability: vector_store, size: medium, settings: {max_connections: 77}}
environments:
  dev: {provider: local}
  big: {provider: local, components: {knowledge: {size: large, settings: {max_connections: 99}}}}
"""
    loaded = parse_spec(text, Path("stack.yaml"))
    dev = plan_environment(loaded, "dev", SHELF).components[0].settings.model_dump()
    big = plan_environment(loaded, "big", SHELF).components[0].settings.model_dump()
    assert (dev["shared_buffers"], dev["max_connections"]) == ("256MB", 77)
    assert (big["shared_buffers"], big["max_connections"]) == ("1GB", 99)


def test_the_schema_is_draft_07_and_accepts_what_we_accept() -> None:
    schema = json_schema(SHELF)
    jsonschema.Draft7Validator.check_schema(schema)
    validator = jsonschema.Draft7Validator(schema)
    for spec in (EXAMPLE, *sorted((ROOT / "src/stackgen/catalog").glob("*/*/example.yaml"))):
        content, _ = read_yaml(spec.read_bytes(), str(spec))
        assert [error.message for error in validator.iter_errors(content)] == [], spec
    content, _ = read_yaml(EXAMPLE.read_bytes(), "x")
    content["components"]["knowledge"]["dimension"] = 3
    assert list(validator.iter_errors(content))


def test_every_field_of_the_schema_is_described() -> None:
    def walk(node: object, path: str) -> list[str]:
        found: list[str] = []
        if isinstance(node, dict):
            for name, value in node.get("properties", {}).items():
                if isinstance(value, dict) and "description" not in value and "const" not in value:
                    found.append(f"{path}.{name}")
            for key, value in node.items():
                found += walk(value, f"{path}.{key}")
        elif isinstance(node, list):
            for index, value in enumerate(node):
                found += walk(value, f"{path}[{index}]")
        return found

    assert walk(json_schema(SHELF), "") == []
