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
