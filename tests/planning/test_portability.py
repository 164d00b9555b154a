"""One line moves a stack: the same spec on every provider, with bindings of the same contracts."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml

from stackgen.catalog.shelf import Shelf
from stackgen.disk.explanation import explain_changes
from stackgen.planning.model import Plan
from stackgen.planning.plan import plan_environment
from stackgen.program.build import build_program
from stackgen.program.lock import LOCK
from stackgen.spec.loading import parse_spec

pytestmark = pytest.mark.unit
STACK = Path(__file__).parents[2] / "stacks" / "rag-assistant" / "stack.yaml"
PROVIDERS = ("local", "kubernetes", "aws", "gcp")
SHELF = Shelf()


def _planned(provider: str) -> Plan:
    """The example stack with one environment that says nothing but `provider:`."""
    content = yaml.safe_load(STACK.read_text(encoding="utf-8"))
    content["environments"] = {"here": {"provider": provider}}
    return plan_environment(
        parse_spec(yaml.safe_dump(content, sort_keys=False).encode(), STACK), "here", SHELF
    )


@pytest.mark.parametrize("provider", PROVIDERS)
def test_changing_only_the_provider_plans_and_generates(provider: str, tmp_path: Path) -> None:
    found = _planned(provider)
    assert {item.entry.provider for item in found.components} == {provider}
    program = build_program(found, tmp_path)
    assert b"bindings = {" in program.files["__main__.py"]


@pytest.mark.parametrize("provider", PROVIDERS[1:])
def test_only_implementations_and_settings_differ(provider: str) -> None:
    here, there = _planned("local"), _planned(provider)
    assert set(here.by_name) == set(there.by_name)
    for name, item in here.by_name.items():
        other = there.by_name[name]
        assert (item.capability, item.options, item.needs) == (other.capability, other.options, other.needs)
        assert {k: r.names for k, r in item.references.items()} == {
            k: r.names for k, r in other.references.items()
        }
        own = set(SHELF.capability(item.capability).contracts)
        assert own & set(item.kept) == own & set(other.kept)


@pytest.mark.parametrize("provider", PROVIDERS[1:])
def test_what_changes_is_explained_for_every_component(provider: str, tmp_path: Path) -> None:
    (tmp_path / LOCK).write_bytes(build_program(_planned("local"), tmp_path).files[LOCK])
    said = explain_changes(_planned(provider), tmp_path)
    for item in _planned(provider).components:
        assert any(line.startswith(f"{item.name}: ") and item.entry.id in line for line in said), item.name
    assert json.loads((tmp_path / LOCK).read_bytes())["provider"] == "local"
