"""A gateway keeps no more than the model whose answers it passes on, but what it does at its own door is its own."""

from __future__ import annotations

from pathlib import Path

import pytest

from stackgen.catalog.shelf import Shelf
from stackgen.errors import StackgenError
from stackgen.planning.model import PlannedComponent
from stackgen.planning.plan import plan_environment
from stackgen.spec.loading import parse_spec

pytestmark = pytest.mark.unit
SPEC = """\
apiVersion: stackgen/v1
name: passing
components:
  first: {{capability: chat_model, model: m, settings: {{weights: stand-in}}}}
  second: {{capability: chat_model, model: m, implementation: local/ollama,
    settings: {{weights: stand-in, accept_known_vulnerabilities: true}}}}
  gateway: {{capability: ai_gateway, serves: [{serves}], splits: {splits}, needs: [{needs}]}}
environments: {{dev: {{provider: local}}}}
"""


def gateway(serves: str, splits: str = "{}", needs: str = "") -> PlannedComponent:
    spec = SPEC.format(serves=serves, splits=splits, needs=needs)
    return plan_environment(parse_spec(spec.encode(), Path("stack.yaml")), "dev", Shelf()).by_name["gateway"]


@pytest.mark.parametrize(
    ("serves", "splits", "keeps"),
    [
        ("first, second", "{}", True),
        ("second, first", "{}", False),
        ("first, second", "{answers: {second: 1}}", False),
        ("second, first", "{answers: {first: 1}}", True),
        ("first, second", "{answers: {first: 90, second: 10}}", False),
    ],
)
def test_the_model_that_answers_decides(serves: str, splits: str, keeps: bool) -> None:
    found = gateway(serves, splits)
    assert ("tool-calling" in found.kept["openai-chat"]) is keeps
    assert ("tool-calling" in found.not_kept["openai-chat"]) is not keeps
    assert {"chat", "auth-required", "wrong-credentials-refused", "model-listed"} <= {
        *found.kept["openai-chat"]
    }
    if not keeps:
        assert found.not_kept["openai-chat"]["tool-calling"].startswith("'second' behind it does not keep it")


def test_a_need_that_is_lost_behind_it_is_refused_with_its_place() -> None:
    gateway("first", needs="tool-calling")
    with pytest.raises(StackgenError) as caught:
        gateway("second", needs="tool-calling, auth-required")
    (problem,) = caught.value.problems
    assert problem.code == "need-not-kept"
    assert "'second' behind it does not keep it: Ollama calls tools" in problem.message
    assert problem.position is not None
    assert problem.position.line == 7
