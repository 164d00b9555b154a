"""What a plan refuses, case by case: the code, and what the message names."""

from __future__ import annotations

from pathlib import Path

import pytest

from stackgen.catalog.shelf import Shelf
from stackgen.errors import StackgenError
from stackgen.planning.model import Plan
from stackgen.planning.plan import plan_environment
from stackgen.spec.loading import parse_spec

pytestmark = pytest.mark.unit
SHELF = Shelf()
SPEC = """\
apiVersion: stackgen/v1
name: case
data: {residency: eu}
components:
  %s
environments:
  dev: %s
"""
LOCAL = "{provider: local}"
CASES = {
    "source-outside": (
        "app: {capability: service, source: ../elsewhere, command: [sh]}",
        LOCAL,
        "takes its code from '../elsewhere', which is outside of",
    ),
    "unknown-region": (
        "files: {capability: object_store}",
        "{provider: aws, settings: {region: eu-west-33}}",
        "eu-west-33",
    ),
    "outside-residency": (
        "files: {capability: object_store}",
        "{provider: aws, settings: {region: us-east-1}}",
        "data must stay in 'eu'",
    ),
    "residency-off": (
        "files: {capability: object_store}",
        "{provider: aws, settings: {region: eu-west-33, region_check: off}}",
        "data must stay in 'eu', and aws would run in eu-west-33, which is not known",
    ),
    "box-without-implementation": (
        "files: {capability: object_store}",
        "{provider: local, components: {files: {box: 2}}}",
        "box 2 must name its `implementation`",
    ),
    "box-beside-without-implementation": (
        "files: {capability: object_store}",
        "{provider: local, components: {files: {beside: {box: 2}}}}",
        "box 2 must name its `implementation`",
    ),
    "two-boxes-with-one-number": (
        "files: {capability: object_store}",
        "{provider: local, components: {files: {beside: {box: 1, implementation: local/versitygw}}}}",
        "the box beside box 1 needs another `box` number",
    ),
    "box-beside-lacks-a-needed-clause": (
        "chat: {capability: chat_model, model: llama-3.1-8b-instruct, needs: [tool-calling]}",
        "{provider: local, components: {chat: {beside: {box: 2, implementation: local/ollama, "
        "settings: {accept_known_vulnerabilities: true}}}}}",
        "tool-calling",
    ),
}


def planned(components: str, environment: str, folder: Path) -> Plan:
    (folder / "stackgen.toml").touch()
    (folder.parent / "elsewhere").mkdir(exist_ok=True)
    spec = parse_spec((SPEC % (components, environment)).encode(), folder / "stack.yaml")
    return plan_environment(spec, "dev", SHELF)


@pytest.mark.parametrize("case", CASES)
def test_a_plan_refuses(case: str, tmp_path: Path) -> None:
    components, environment, said = CASES[case]
    folder = tmp_path / "project"
    folder.mkdir()
    with pytest.raises(StackgenError) as caught:
        planned(components, environment, folder)
    assert said in "\n".join(problem.render() for problem in caught.value.problems)


def test_all_leaves_out_what_depends_on_the_component(tmp_path: Path) -> None:
    """Watching it too would be a circle: each would wait for the other."""
    (tmp_path / "code").mkdir()
    components = (
        "monitor: {capability: monitoring, watches: all}\n"
        "  files: {capability: object_store}\n"
        "  early: {capability: service, source: code, command: [sh]}\n"
        "  late: {capability: service, source: code, command: [sh], depends_on: [monitor]}"
    )
    plan = planned(components, LOCAL, tmp_path)
    watched = plan.by_name["monitor"].references["watches"].names
    assert "early" in watched
    assert "late" not in watched
