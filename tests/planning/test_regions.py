"""Regions are checked against a dated table; what is taken instead of a provider's default is said with its price."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import pytest

from stackgen.catalog.models import models
from stackgen.catalog.shelf import Shelf
from stackgen.planning.plan import plan_environment
from stackgen.spec.loading import parse_spec
from tests.conftest import Cli

pytestmark = pytest.mark.unit
SHELF = Shelf()
WITH_TABLE = [name for name in SHELF.provider_folders if SHELF.provider(name).regions is not None]
SPEC = """apiVersion: stackgen/v1
name: desk
components:
  writer: {capability: chat_model, model: %s}
  gateway: {capability: ai_gateway, serves: [writer]}
environments:
  prod: {provider: %s}
"""
WHY = (
    "'writer' in environment 'prod' is provided by aws/sagemaker-vllm, "
    "which is paid for as long as it is up and needs GPUs"
)


@pytest.mark.parametrize("provider", WITH_TABLE)
def test_a_table_of_regions_is_dated_and_has_every_region_that_is_spoken_of(provider: str) -> None:
    described = SHELF.provider(provider)
    table = described.regions
    assert table is not None
    assert date.fromisoformat(table.checked) >= date(2026, 11, 26)
    assert described.settings.model_fields["region"].default in table.names
    lines = [
        line
        for model in models().values()
        for who, line in model.lines.items()
        if who.startswith(f"{provider}/")
    ]
    spoken = {region for line in lines for region in line.get("regions", ())}
    spoken |= {region for line in lines for group in line.get("profiles", {}).values() for region in group}
    assert spoken <= set(table.names)


def test_providers_with_regions_have_a_table() -> None:
    having = [
        name for name in SHELF.provider_folders if "region" in SHELF.provider(name).settings.model_fields
    ]
    assert having == WITH_TABLE != []


@pytest.mark.parametrize(
    ("provider", "taken", "default"),
    [("aws", "aws/sagemaker-vllm", "aws/bedrock"), ("gcp", "gcp/vertex-vllm", "gcp/vertex-ai")],
)
def test_a_dear_replacement_of_the_default_is_warned_of(
    provider: str, taken: str, default: str, tmp_path: Path
) -> None:
    text = SPEC % ("llama-3.1-8b-instruct", provider)
    found = plan_environment(parse_spec(text.encode(), tmp_path / "stack.yaml"), "prod", SHELF)
    writer = found.by_name["writer"]
    assert writer.entry.id == taken
    assert list(writer.instead_of) == [default]
    (warning,) = found.warnings
    assert (
        f"by {taken}, which is paid for as long as it is up and needs GPUs, instead of {default}:" in warning
    )


def test_the_default_and_what_is_asked_for_by_name_are_no_replacement(tmp_path: Path) -> None:
    default = SPEC % ("gpt-oss-20b", "aws")
    asked = SPEC % ("llama-3.1-8b-instruct, implementation: aws/sagemaker-vllm", "aws")
    for text in (default, asked):
        found = plan_environment(parse_spec(text.encode(), tmp_path / "stack.yaml"), "prod", SHELF)
        assert not found.by_name["writer"].instead_of
        assert not found.warnings


def test_a_replacement_is_seen_before_anything_is_deployed(cli: Cli) -> None:
    (cli.folder / "stack.yaml").write_text(SPEC % ("llama-3.1-8b-instruct", "aws"))
    assert f"warning: {WHY}, instead of aws/bedrock: " in cli("check", "stack.yaml").stderr
    done = cli("plan", "stack.yaml")
    assert "writer by aws/sagemaker-vllm, not aws/bedrock: aws/bedrock does not serve" in done.stdout
    assert f"warning: {WHY}" in done.stderr
    content = json.loads(cli("plan", "stack.yaml", "--json").stdout)
    (writer,) = [item for item in content["result"] if item["component"] == "writer"]
    assert list(writer["instead_of"]) == ["aws/bedrock"]
    assert (writer["billing"], writer["gpu"]) == ("always-on", True)
    assert content["warnings"][0].startswith(WHY)
    said = cli("up", "stack.yaml", code=2).stderr
    assert said.index(f"warning: {WHY}") < said.index("Deploy desk to prod?")
