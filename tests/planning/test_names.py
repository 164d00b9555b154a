"""A component does not get the identity of another one's task by its name."""

from __future__ import annotations

from pathlib import Path

import pytest

from stackgen.catalog.shelf import Shelf
from stackgen.errors import StackgenError
from stackgen.planning.plan import plan
from stackgen.spec.loading import parse

pytestmark = pytest.mark.unit
SHELF = Shelf()
SPEC = """
apiVersion: stackgen/v1
name: case
components:
  knowledge: {{capability: vector_store}}
  {name}: {{capability: object_store}}
environments:
  dev: {{provider: local}}
"""


def test_a_component_is_not_called_as_the_task_of_a_database() -> None:
    spec = SPEC.format(name="knowledge-roles")
    with pytest.raises(StackgenError) as caught:
        plan(parse(spec.encode(), Path("stack.yaml")), "dev", SHELF)
    assert [problem.code for problem in caught.value.problems] == ["name-taken"]
    plan(parse(SPEC.format(name="other-roles").encode(), Path("stack.yaml")), "dev", SHELF)


PARTS = """
apiVersion: stackgen/v1
name: case
components:
  docs: {{capability: {capability}{options}}}
  docs-{part}: {{capability: vector_store}}
environments:
  dev: {{provider: local}}
"""
CODE = ", source: ., command: [python, serve.py]"


@pytest.mark.parametrize(
    ("capability", "options", "part", "free"),
    [
        ("service", CODE, "source", False),
        ("service", CODE, "metrics", True),
        ("monitoring", "", "metrics", False),
        ("monitoring", "", "front", False),
        ("object_store", "", "source", True),
    ],
)
def test_a_component_is_not_called_as_a_part_of_another(
    tmp_path: Path, capability: str, options: str, part: str, free: bool
) -> None:
    """Run folders, logs and ports of an environment are in one place, by name."""
    (tmp_path / "requirements.txt").touch()
    spec = PARTS.format(capability=capability, options=options, part=part)
    loaded = parse(spec.encode(), tmp_path / "stack.yaml")
    if free:
        plan(loaded, "dev", SHELF)
        return
    with pytest.raises(StackgenError) as caught:
        plan(loaded, "dev", SHELF)
    assert [problem.code for problem in caught.value.problems] == ["name-taken"]
    assert f"'docs-{part}' is the name of a server, a port or a folder of 'docs'" in str(caught.value)
