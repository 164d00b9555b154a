"""Overlap, drift and agreement are what they say, and exactly what is within tolerance passes."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stackgen.golden.comparing import AnswerComparison, compare_answers
from stackgen.golden.corpus import Corpus, corpus_model, questions_digest
from stackgen.golden.recording import Answers, Recording
from stackgen.golden.reports import comparison_markdown

pytestmark = pytest.mark.unit
TOOL = {"type": "function", "function": {"name": "f", "parameters": {"type": "object"}}}


def corpus(kind: str, **group: Any) -> Corpus:
    shapes: dict[str, dict[str, Any]] = {
        "searches": {"store": "aa", "model": "bb", "table": "t", "ids": ["i"], "texts": ["one", "two"]},
        "tool_calls": {"model": "bb", "tools": [TOOL], "prompts": ["on", "off"]},
        "predictions": {"model": "bb", "requests": [{"inputs": []}]},
    }
    return corpus_model().model_validate(
        {"apiVersion": "stackgen/v1", kind: {"it": {**shapes[kind], **group}}}
    )


def compared(asked: Corpus, old: list[dict[str, Any]], new: list[dict[str, Any]]) -> AnswerComparison:
    ((kind, name, group),) = asked.groups()
    key, mark = f"{kind}.{name}", questions_digest(group)
    recorded = Recording("s", "dev", "2026-01-01T00:00:00+00:00", {}, {key: Answers(kind, mark, old)})
    return compare_answers(asked, recorded, {key: Answers(kind, mark, new)})


def rows(text: str, **similarities: float) -> dict[str, Any]:
    return {"text": text, "ids": [[name] for name in similarities], "similarities": [*similarities.values()]}


def calls(prompt: str, *called: tuple[str, Any]) -> dict[str, Any]:
    return {"prompt": prompt, "calls": [{"name": name, "arguments": given} for name, given in called]}


def test_overlap_is_the_mean_share_of_rows_found_again() -> None:
    old = [rows("one", a=0.9, b=0.8), rows("two", c=0.7, d=0.6)]
    new = [rows("one", a=0.9, x=0.8), rows("two", d=0.61, c=0.7)]
    found = compared(corpus("searches", overlap=0.75, drift=0.02), old, new)
    assert [(f.measure, round(f.value, 4), f.within) for f in found.findings] == [
        ("top-5 overlap", 0.75, True),
        ("similarity drift", 0.01, True),
    ]
    assert found.findings[0].changed == ("'one': 1 of 2 found again; gone: b",)
    strict = compared(corpus("searches", overlap=0.76, drift=0.005), old, new)
    assert [f.measure for f in strict.drifted] == ["top-5 overlap", "similarity drift"]


def test_a_store_that_finds_nothing_more_has_drifted() -> None:
    found = compared(corpus("searches"), [rows("one", a=1.0), rows("two")], [rows("one"), rows("two")])
    assert found.findings[0].value == 0.5
    assert found.drifted


def test_names_and_arguments_of_calls_are_two_measures() -> None:
    old = [calls("on", ("light", {"state": "on", "room": "hall"})), calls("off")]
    new = [calls("on", ("light", {"room": "hall", "state": "off"})), calls("off", ("light", {}))]
    found = compared(corpus("tool_calls", names=0.5, arguments=0.5), old, new)
    assert [(f.measure, f.value, f.within) for f in found.findings] == [
        ("same functions called", 0.5, True),
        ("same arguments", 0.0, False),
    ]


@pytest.mark.parametrize(
    ("old", "new", "same"),
    [
        ([1.0, 2.0], [1.05, 2.0], True),
        ([1.0, 2.0], [1.2, 2.0], False),
        ([1.0], [1.0, 1.0], False),
        ([[1], [0]], [[1], [0]], True),
        (["urgent"], ["normal"], False),
        ([True], [1], False),
        ([1], ["1"], False),
    ],
)
def test_predictions_are_the_same_within_their_drift(old: list[Any], new: list[Any], same: bool) -> None:
    before, after = ([{"outputs": [{"name": "y", "data": data}]}] for data in (old, new))
    found = compared(corpus("predictions", drift=0.1), before, after)
    assert (not found.drifted) is same


@given(st.lists(st.tuples(st.text(min_size=1), st.floats(-1, 1)), unique_by=lambda row: row[0], max_size=8))
def test_whatever_was_answered_is_the_same_as_itself(found: list[tuple[str, float]]) -> None:
    answer = {"text": "one", "ids": [[n] for n, _ in found], "similarities": [s for _, s in found]}
    result = compared(corpus("searches", drift=0, overlap=1), [answer, answer], [answer, answer])
    assert not result.drifted
    assert not any(item.changed for item in result.findings)


def test_the_report_for_a_pull_request_names_what_changed() -> None:
    old, new = [rows("*one*", a=0.9), rows("two", b=0.5)], [rows("*one*", b=0.9), rows("two", b=0.5)]
    text = comparison_markdown(compared(corpus("searches"), old, new), "claims", "prod")
    assert "| searches.it (2) | top-5 overlap | 0.500 | at least 1 | **drifted** |" in text
    assert "- '\\*one\\*': 0 of 1 found again; gone: a" in text
