"""Moving between providers is one line."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from stackgen.catalog.shelf import Entry, Shelf
from stackgen.contracts import contract
from stackgen.disk.explanation import explain_changes
from stackgen.disk.writing import write_program
from stackgen.errors import StackgenError
from stackgen.planning.model import Plan
from stackgen.planning.plan import plan_environment
from stackgen.program.build import build_program
from stackgen.spec.loading import parse_spec
from tests.clouds.recording import ROOT

SHELF = Shelf()
SPEC = (ROOT / "blueprints" / "rag-assistant" / "stack.yaml").read_text(encoding="utf-8")
CLOUDS = ("aws", "gcp")


def _example(provider: str, folder: Path) -> Plan:
    """The example stack with nothing changed but `provider:`."""
    for name in ("app", "training"):
        (folder / name).mkdir(exist_ok=True)
    head = SPEC.split("environments:", maxsplit=1)[0]
    text = f"{head}environments:\n  prod: {{provider: {provider}}}\n"
    return plan_environment(parse_spec(text.encode(), folder / "stack.yaml"), "prod", SHELF)


@pytest.mark.unit
@pytest.mark.parametrize("provider", ["local", *CLOUDS])
def test_only_the_provider_changes(provider: str, tmp_path: Path) -> None:
    found = _example(provider, tmp_path)
    assert {item.entry.provider for item in found.components} == {provider}
    assert build_program(found).files["__main__.py"]


@pytest.mark.unit
def test_diff_explains_what_changes_per_component(tmp_path: Path) -> None:
    write_program(build_program(_example("aws", tmp_path)))
    said = explain_changes(_example("gcp", tmp_path), tmp_path / "prod")
    assert "knowledge: aws/aurora-postgresql -> gcp/alloydb" in said
    assert "documents: loses s3 conditional-put, default-checksums, versioning" in said
    assert "assistant: aws/fargate -> gcp/cloud-run" in said
    assert explain_changes(_example("aws", tmp_path), tmp_path / "prod") == ()


@pytest.mark.unit
@pytest.mark.parametrize("provider", CLOUDS)
def test_every_capability_is_on_every_cloud(provider: str) -> None:
    for name, capability in SHELF.capabilities.items():
        if not capability.internal:
            assert SHELF.default(name, provider), f"{provider} has no default for {name}"


@pytest.mark.unit
@pytest.mark.parametrize(
    "entry",
    [e for found in SHELF.implementations.values() for e in found.values() if e.provider in CLOUDS],
    ids=lambda entry: f"{entry.capability}-{entry.id}",
)
def test_every_clause_is_kept_or_the_reason_and_a_source_given(entry: Entry) -> None:
    found = entry.implementation
    if SHELF.capability(entry.capability).internal:
        return
    for name, kept in found.kept.items():
        unsaid = (
            {clause.name for clause in contract(name).clauses} - set(kept) - set(found.not_kept.get(name, {}))
        )
        assert unsaid == set()
    for clauses in found.not_kept.values():
        for clause, why in clauses.items():
            assert re.search(r"https://\S+", why), f"{clause}: {why}"


@pytest.mark.programs
def test_bindings_have_the_keys_of_their_contract() -> None:
    from tests.clouds.programs import PROGRAMS, recorded

    for name in PROGRAMS:
        for component, contracts in recorded(name).outputs.get("bindings", {}).items():
            for which, binding in contracts.items():
                model = contract(which).binding
                model.model_validate(binding)
                known = {info.alias or key for key, info in model.model_fields.items()}
                known |= {key.replace("_", "-") for key in model.model_fields}
                assert set(binding) <= known, f"{name}: {component} {which}"


@pytest.mark.unit
def test_settings_of_a_provider_that_nothing_uses_are_refused(tmp_path: Path) -> None:
    text = """
apiVersion: stackgen/v1
name: case
components: {documents: {capability: object_store}}
environments: {prod: {provider: aws, providers: {gcp: {region: europe-west3}}}}
"""
    with pytest.raises(StackgenError, match="which nothing in it uses"):
        plan_environment(parse_spec(text.encode(), tmp_path / "stack.yaml"), "prod", SHELF)


@pytest.mark.unit
def test_who_may_call_is_who_names_it(tmp_path: Path) -> None:
    found = _example("aws", tmp_path)

    def callers(name: str) -> set[str]:
        return {item.name for item in found.callers(name)}

    assert callers("knowledge") == {"indexing", "assistant"}
    assert callers("documents") == {"registry", "indexing"}
    assert callers("chat") == {"gateway"}
    assert callers("embedder") == {"gateway", "monitoring"}
    assert callers("assistant") == set()
