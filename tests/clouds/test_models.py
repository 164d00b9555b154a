"""Models as a commodity: the table, residency, retirement, and who serves what where."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
import yaml

from stackgen.catalog import models as table
from stackgen.catalog.models import soon_retired, why_not_offered
from stackgen.catalog.shelf import Shelf
from stackgen.descriptors.model import Place
from stackgen.errors import StackgenError
from stackgen.planning.model import Plan
from stackgen.planning.plan import plan_environment
from stackgen.spec.loading import parse_spec
from tests.clouds.recording import ROOT

pytestmark = pytest.mark.unit
SHELF = Shelf()
TODAY = date(2026, 11, 24)


def _plan(components: str, environment: str, residency: str | None = None) -> Plan:
    data = f"data: {{residency: {residency}}}\n" if residency else ""
    text = f"apiVersion: stackgen/v1\nname: case\n{data}components:\n{components}\n"
    text += f"environments:\n  prod: {environment}\n"
    return plan_environment(parse_spec(text.encode(), Path("stack.yaml")), "prod", SHELF)


def _refused(components: str, environment: str, residency: str | None = None) -> str:
    with pytest.raises(StackgenError) as error:
        _plan(components, environment, residency)
    return "\n".join(problem.render() for problem in error.value.problems)


def chat(model: str, more: str = "") -> str:
    served = "  gateway: {capability: ai_gateway, serves: [chat]}"
    return f"  chat: {{capability: chat_model, model: {model}{more}}}\n{served}"


def embedder(model: str) -> str:
    served = "  gateway: {capability: ai_gateway, serves: [embedder]}"
    return f"  embedder: {{capability: embedding_model, model: {model}}}\n{served}"


def test_every_line_of_the_table_says_where_it_is_from() -> None:
    content = yaml.safe_load((ROOT / "src/stackgen/catalog/models.yaml").read_text(encoding="utf-8"))
    known = {entry.id for entries in SHELF.implementations.values() for entry in entries.values()}
    assert isinstance(content["checked"], date)
    for name, line in content["models"].items():
        assert line["kind"] in ("chat", "embedding"), name
        assert line["licence"], name
        for who, offer in line.items():
            if "/" in who:
                assert who in known, f"{name}: {who} is nobody on the shelf"
                assert offer["source"] in content["sources"], f"{name}: {who}"
        if line["kind"] == "embedding":
            assert line["embedding"]["dimensions"], name


def test_a_model_is_answered_in_its_region_first_then_its_geography() -> None:
    place = Place("eu-north-1", frozenset({"eu"}), "eu", TODAY)
    assert table.offer("nova-lite", "aws/bedrock", place) == table.Offer("amazon.nova-lite-v1:0", "region")
    place = Place("eu-central-1", frozenset({"eu"}), "eu", TODAY)
    found = table.offer("nova-lite", "aws/bedrock", place)
    assert found is not None
    assert (found.reach, found.geography) == ("geography", "eu")


@pytest.mark.parametrize(
    ("model", "provider", "region", "residency", "said"),
    [
        (
            "gemini-3.5-flash",
            "gcp",
            "europe-west3",
            "eu",
            "does not serve 'gemini-3.5-flash' in europe-west3 for data that stays in 'eu'",
        ),
        (
            "gemini-2.5-flash",
            "gcp",
            "europe-west3",
            None,
            "retired 'gemini-2.5-flash' (gemini-2.5-flash) on 2026-10-20",
        ),
        ("claude-haiku-4.5", "aws", "eu-west-2", "uk", "for data that stays in 'uk'"),
        ("gpt-5", "aws", "eu-central-1", None, "offers no chat model 'gpt-5' that we know of"),
    ],
)
def test_what_leaves_the_residency_or_is_retired_is_refused(
    model: str, provider: str, region: str, residency: str | None, said: str
) -> None:
    implementation = {"aws": "aws/bedrock", "gcp": "gcp/vertex-ai"}[provider]
    message = _refused(
        chat(model, f", implementation: {implementation}"),
        f"{{provider: {provider}, settings: {{region: {region}}}}}",
        residency,
    )
    assert said in message


def test_a_profile_of_ones_own_may_not_leave_the_residency_either() -> None:
    more = ", settings: {model_id: amazon.nova-2-lite-v1:0, profile: global}"
    assert "may answer within 'global'" in _refused(chat("mine", more), "{provider: aws}", "eu")
    assert _plan(chat("mine", more.replace("global", "eu")), "{provider: aws}", "eu")


def test_a_region_outside_the_residency_is_refused() -> None:
    message = _refused(
        "  documents: {capability: object_store}", "{provider: aws, settings: {region: us-east-1}}", "eu"
    )
    assert "outside-residency" in message
    assert "us-east-1, which lies in us" in message


@pytest.mark.parametrize(
    ("day", "soon", "gone"),
    [
        ("2026-10-02", False, False),
        ("2026-10-03", True, False),
        ("2027-03-31", True, False),
        ("2027-04-01", True, True),
        ("2027-06-01", True, True),
    ],
)
def test_a_model_is_warned_of_before_its_last_day_and_refused_on_it(day: str, soon: bool, gone: bool) -> None:
    where = Place(region="europe-west3", today=date.fromisoformat(day))
    model, implementation = "text-embedding-005", "gcp/vertex-ai"
    warning = soon_retired(model, implementation, where)
    assert (warning is not None) is soon
    refusal = why_not_offered(model, "embedding", implementation, where)
    assert (refusal is not None) is gone
    assert "2027-04-01" in (refusal or warning or "2027-04-01")


def test_without_an_offer_the_provider_runs_the_weights_itself() -> None:
    found = _plan(chat("llama-3.1-8b-instruct"), "{provider: aws}")
    assert found.by_name["chat"].entry.id == "aws/sagemaker-vllm"
    assert any("since aws/bedrock does not serve" in note for note in found.notes)
    assert (
        _plan(chat("llama-3.1-8b-instruct"), "{provider: aws, settings: {region: us-west-2}}")
        .by_name["chat"]
        .entry.id
        == "aws/bedrock"
    )


def test_an_embedding_space_is_the_same_wherever_its_weights_run() -> None:
    text = "  embedder: {capability: embedding_model, model: all-minilm-l6-v2}"
    aws, gcp = (_plan(text, f"{{provider: {p}}}").by_name["embedder"] for p in ("aws", "gcp"))
    assert aws.settings.model_dump()["identity"] == gcp.settings.model_dump()["identity"]


def test_lengths_a_model_does_not_make_are_refused() -> None:
    components = embedder("titan-embed-text-v2, dimensions: 384")
    assert "makes vectors of 1024 or 512 or 256 dimensions" in _refused(components, "{provider: aws}")


def test_a_model_that_nobody_serves_is_refused_with_the_way_out() -> None:
    message = _refused("  chat: {capability: chat_model, model: gpt-oss-20b}", "{provider: aws}")
    assert "needs-gateway" in message
    assert "serves: [chat]" in message
