"""What a registry's items were called first: a tag that anyone can make hides no other item."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stackgen.contracts.mlflow.server import ORIGIN, by_first_number

pytestmark = pytest.mark.unit


def versions(tags: dict[int, str | None]) -> list[Any]:
    return [
        SimpleNamespace(version=str(number), tags={} if tag is None else {ORIGIN: tag})
        for number, tag in tags.items()
    ]


def first(tags: dict[int, str | None]) -> dict[str, str]:
    return {name: item.version for name, item in by_first_number(versions(tags)).items()}


def test_a_version_that_was_moved_is_known_by_its_first_number() -> None:
    assert first({1: "1", 5: "3", 6: None}) == {"1": "1", "3": "5", "6": "6"}


@pytest.mark.parametrize(
    "tags",
    [
        {1: None, 2: "1"},
        {3: "2", 4: "2"},
        {2: "999999999"},
        {2: "no number"},
        {2: "-1"},
        {2: ""},
        {2: "\u00b2"},
    ],
)
def test_a_tag_that_can_not_be_right_is_not_believed(tags: dict[int, str | None]) -> None:
    assert first(tags) == {str(number): str(number) for number in tags}


@given(st.dictionaries(st.integers(1, 9), st.none() | st.integers(0, 12).map(str), min_size=1))
def test_every_version_is_there(tags: dict[int, str | None]) -> None:
    found = first(tags)
    assert sorted(found.values()) == sorted(map(str, tags))
    assert all(int(name) <= int(number) for name, number in found.items())
