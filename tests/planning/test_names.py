"""A component does not get the identity of another one's task by its name."""

from __future__ import annotations

from pathlib import Path

import pytest

from stackgen.catalog.shelf import Shelf
from stackgen.errors import StackgenError
from stackgen.planning.plan import plan_environment
from stackgen.spec.loading import parse_spec

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
        plan_environment(parse_spec(spec.encode(), Path("stack.yaml")), "dev", SHELF)
    assert [problem.code for problem in caught.value.problems] == ["name-taken"]
    plan_environment(parse_spec(SPEC.format(name="other-roles").encode(), Path("stack.yaml")), "dev", SHELF)


PARTS = """
apiVersion: stackgen/v1
name: case
components:
  docs: {{capability: {capability}}}
  docs-{part}: {{capability: {other}}}
environments:
  dev: {{provider: {provider}{settings}}}
"""
SETTINGS = {
    "local": "",
    "kubernetes": ", settings: {context: office, registry: registry.example.com}",
    "aws": ", settings: {account: '111122223333'}",
    "gcp": ", settings: {project: example-project}",
}
CODE = ", source: ., command: [python, serve.py]"


def _plan(provider: str, capability: str, part: str, other: str, folder: Path) -> None:
    """Plans 'docs' of a capability beside 'docs-PART' of another one."""
    (folder / "requirements.txt").touch()
    options = CODE if capability == "service" else ""
    spec = PARTS.format(
        capability=capability + options,
        part=part,
        other=other + (CODE if other == "service" else ""),
        provider=provider,
        settings=SETTINGS[provider],
    )
    plan_environment(parse_spec(spec.encode(), folder / "stack.yaml"), "dev", SHELF)


@pytest.mark.parametrize(
    ("provider", "capability", "part", "other"),
    [
        ("local", "service", "source", "vector_store"),
        ("local", "monitoring", "metrics", "vector_store"),
        ("local", "monitoring", "front", "vector_store"),
        ("local", "monitoring", "traces-admin", "vector_store"),  # one owner of two ports in ports.json
        ("local", "model_registry", "reader", "model_registry"),  # one password
        ("kubernetes", "model_registry", "database", "vector_store"),  # one database
        ("kubernetes", "model_registry", "database", "service"),
        ("kubernetes", "monitoring", "metrics", "service"),
        ("kubernetes", "vector_store", "rw", "service"),  # which the operator makes
        ("aws", "model_registry", "database", "vector_store"),
        ("aws", "monitoring", "workspace", "service"),
        ("gcp", "model_registry", "artifacts", "object_store"),
    ],
)
def test_a_component_is_not_called_as_a_part_of_another(
    provider: str, capability: str, part: str, other: str, tmp_path: Path
) -> None:
    """Objects of an environment are in one place, by name; so are run folders, logs and ports."""
    with pytest.raises(StackgenError) as caught:
        _plan(provider, capability, part, other, tmp_path)
    assert {problem.code for problem in caught.value.problems} == {"name-taken"}
    assert f"'docs-{part}' is the name of a part, such as a server, a password or a log, of 'docs'" in str(
        caught.value
    )


@pytest.mark.parametrize(
    ("provider", "capability", "part", "other"),
    [
        ("local", "service", "metrics", "vector_store"),
        ("local", "object_store", "source", "vector_store"),
        ("local", "model_registry", "reader", "service"),
        (
            "kubernetes",
            "vector_store",
            "server",
            "service",
        ),  # a Secret of the operator's, and no service has one
        ("kubernetes", "service", "metrics", "service"),
        ("aws", "model_registry", "database", "service"),
    ],
)
def test_other_names_are_free(provider: str, capability: str, part: str, other: str, tmp_path: Path) -> None:
    _plan(provider, capability, part, other, tmp_path)


@pytest.mark.parametrize(
    ("provider", "name"), [("aws", "network"), ("aws", "services"), ("gcp", "access-logs")]
)
def test_a_component_is_not_called_as_a_part_of_what_all_stand_on(provider: str, name: str) -> None:
    spec = SPEC.format(name=name).replace("provider: local", f"provider: {provider}{SETTINGS[provider]}")
    with pytest.raises(StackgenError) as caught:
        plan_environment(parse_spec(spec.encode(), Path("stack.yaml")), "dev", SHELF)
    assert [problem.code for problem in caught.value.problems] == ["name-taken"]
    assert f"of the foundation '{provider}/landing-zone'" in str(caught.value)
    plan_environment(parse_spec(SPEC.format(name=name).encode(), Path("stack.yaml")), "dev", SHELF)


def test_what_is_deployed_under_such_a_name_can_be_read_and_stopped() -> None:
    loaded = parse_spec(SPEC.format(name="knowledge-roles").encode(), Path("stack.yaml"))
    found = plan_environment(loaded, "dev", SHELF, deployed=True)
    assert found.name_warnings == (
        "'knowledge-roles' is the name of the task that makes the role of the database of 'knowledge'; "
        "dev can be read and stopped, and not changed",
    )
    assert (
        plan_environment(
            parse_spec(SPEC.format(name="free").encode(), Path("stack.yaml")), "dev", SHELF, deployed=True
        ).name_warnings
        == ()
    )


def test_the_name_of_the_first_deployment_counts() -> None:
    spec = SPEC.format(name="archive").replace(
        "object_store}", "object_store, renamed_from: knowledge-roles}"
    )
    with pytest.raises(StackgenError) as caught:
        plan_environment(parse_spec(spec.encode(), Path("stack.yaml")), "dev", SHELF)
    (problem,) = caught.value.problems
    assert problem.message.startswith(
        "'archive' was first deployed as 'knowledge-roles', which is the name of the task"
    )
    assert problem.hint == "move its data to a component of another name"
