"""An implementation does not start on the data of another one, in whatever box."""

from __future__ import annotations

from pathlib import Path

import pytest

from stackgen.catalog.shelf import Shelf
from stackgen.environment.takeover import refuse_takeovers
from stackgen.errors import StackgenError
from stackgen.planning.plan import plan_environment
from stackgen.spec.loading import parse_spec

pytestmark = pytest.mark.unit
SPEC = """\
apiVersion: stackgen/v1
name: case
components: {files: {capability: object_store}}
environments: {dev: {provider: local, components: {files: %s}}}
"""
OURS, OTHER = "stackgen:object_store:LocalVersitygw", "stackgen:object_store:LocalSeaweedfs"
VERSITYGW = "implementation: local/versitygw"


@pytest.mark.parametrize(
    ("override", "resource", "box"),
    [
        (f"{{{VERSITYGW}}}", "files", 1),
        (f"{{{VERSITYGW}, box: 2}}", "files-2", 2),
        (f"{{{VERSITYGW}, box: 7}}", "files-7", 7),
        (f"{{{VERSITYGW}, beside: {{box: 3, {VERSITYGW}}}}}", "files-3", 3),
    ],
)
def test_a_box_of_another_implementation_is_refused(override: str, resource: str, box: int) -> None:
    plan = plan_environment(parse_spec((SPEC % override).encode(), Path("stack.yaml")), "dev", Shelf())
    refuse_takeovers(plan, Shelf(), [(resource, OURS), ("other", OTHER)])
    with pytest.raises(StackgenError) as caught:
        refuse_takeovers(plan, Shelf(), [(resource, OTHER)])
    (problem,) = caught.value.problems
    assert problem.code == "box-taken"
    assert f"box {box} of 'files' is deployed as LocalSeaweedfs" in problem.message
