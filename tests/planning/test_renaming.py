"""`renamed_from`: a new name for people and variables; resources and data keep the name they were made with."""

from __future__ import annotations

from pathlib import Path

import pytest

from stackgen.catalog.shelf import Shelf
from stackgen.disk.explanation import explain_changes
from stackgen.disk.writing import write_program
from stackgen.errors import StackgenError
from stackgen.planning.model import Plan
from stackgen.planning.plan import plan_environment
from stackgen.program.build import build_program
from stackgen.program.main_module import component_calls
from stackgen.spec.loading import parse_spec

pytestmark = pytest.mark.unit
SHELF = Shelf()


def planned(name: str, store: str, provider: str = "local", folder: Path = Path()) -> Plan:
    text = f"""
apiVersion: stackgen/v1
name: case
components:
  {name}: {{capability: vector_store{store}}}
  app: {{capability: service, source: ., command: [sh], uses: [{name}]}}
environments:
  dev: {{provider: {provider}}}
"""
    return plan_environment(parse_spec(text.encode(), folder / "stack.yaml"), "dev", SHELF)


@pytest.mark.parametrize("provider", ["local", "kubernetes", "aws", "gcp"])
def test_the_store_is_called_as_before_and_named_as_it_is_now(provider: str) -> None:
    before, after = planned("policies", "", provider), planned("notes", ", renamed_from: policies", provider)
    folder = Path("/nowhere/case/dev")
    assert component_calls(after, folder)["policies"] == component_calls(before, folder)["policies"]
    source = build_program(after).files["__main__.py"].decode()
    assert "\nnotes = " in source
    assert '(\n    "policies",' in source
    assert "first deployed as policies" in source
    assert '"notes": notes.bindings' in source


def test_a_second_box_is_numbered_after_the_first_name() -> None:
    text = """
apiVersion: stackgen/v1
name: case
components:
  notes: {capability: vector_store, renamed_from: policies}
environments:
  dev: {provider: local, components: {notes: {beside: {box: 2, implementation: local/embedded-postgres}}}}
"""
    found = plan_environment(parse_spec(text.encode(), Path("stack.yaml")), "dev", SHELF)
    assert [box.resource for box in found.all_components] == ["policies", "policies-2"]
    assert [box.label for box in found.all_components] == ["notes", "notes-2"]


def test_a_name_that_another_component_has_is_refused() -> None:
    text = """
apiVersion: stackgen/v1
name: case
components:
  notes: {capability: vector_store, renamed_from: policies}
  policies: {capability: object_store}
environments:
  dev: {provider: local}
"""
    with pytest.raises(StackgenError) as caught:
        plan_environment(parse_spec(text.encode(), Path("stack.yaml")), "dev", SHELF)
    (problem,) = caught.value.problems
    assert problem.code == "renamed-from-taken"
    assert problem.position is not None
    assert problem.position.line == 5


def test_a_rename_is_said_to_be_one(tmp_path: Path) -> None:
    write_program(build_program(planned("policies", "", folder=tmp_path)))
    said = explain_changes(planned("notes", ", renamed_from: policies", folder=tmp_path), tmp_path / "dev")
    assert "policies -> notes: renamed; its resources and data stay" in said
    assert not [sentence for sentence in said if "removed" in sentence or "added" in sentence]
