"""A spec becomes a Stack, from a file or from Python."""

from __future__ import annotations

from pathlib import Path

import pytest

import stackgen
from stackgen.errors import ExitCode, StackgenError
from stackgen.spec.loading import load_spec, locate_spec, parse_spec

pytestmark = pytest.mark.unit
EXAMPLE = Path(__file__).parents[2] / "blueprints" / "rag-assistant" / "stack.yaml"


def test_the_example_loads() -> None:
    stack = load_spec(EXAMPLE).stack
    assert stack.name == "rag-assistant"
    assert stack.components["knowledge"].options["dimensions"] == 384
    assert stack.environments["dev"].provider == "local"


def test_the_same_stack_in_python() -> None:
    component = stackgen.Component.model_validate({"capability": "object_store"})
    environment = stackgen.Environment(provider="local")
    stack = stackgen.Stack(
        name="files", components={"documents": component}, environments={"dev": environment}
    )
    text = b"apiVersion: stackgen/v1\nname: files\ncomponents: {documents: {capability: object_store}}\n"
    assert parse_spec(text + b"environments: {dev: {provider: local}}\n", Path("stack.yaml")).stack == stack


def test_a_stack_is_found_by_name_or_path(tmp_path: Path) -> None:
    spec = tmp_path / "stacks" / "claims" / "stack.yaml"
    spec.parent.mkdir(parents=True)
    spec.write_bytes(EXAMPLE.read_bytes())
    assert locate_spec("claims", tmp_path) == spec
    assert locate_spec("stacks/claims", tmp_path) == spec
    assert locate_spec(str(spec), tmp_path) == spec
    with pytest.raises(StackgenError) as caught:
        locate_spec("clams", tmp_path)
    assert caught.value.exit_code == ExitCode.NOT_FOUND
    assert caught.value.problems[0].hint == "did you mean 'claims'?"
