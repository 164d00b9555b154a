"""YAML means what YAML 1.2 says, and nothing in it surprises."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stackgen.errors import StackgenError
from stackgen.spec.yaml_reader import read_yaml

pytestmark = pytest.mark.unit


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("no", "no"),
        ("on", "on"),
        ("Yes", "Yes"),
        ("012", 12),
        ("0o14", 12),
        ("0x1F", 31),
        ("12:30:45", "12:30:45"),
        ("2026-11-24", "2026-11-24"),
        ("1e3", 1000.0),
        ("~", None),
        ("true", True),
        ("'true'", "true"),
        ('"4711"', "4711"),
        ("1_000", "1_000"),
    ],
)
def test_scalars(text: str, value: Any) -> None:
    found, _ = read_yaml(f"key: {text}\n".encode(), "stack.yaml")
    assert found == {"key": value}
    assert type(found["key"]) is type(value)


@pytest.mark.parametrize(
    ("text", "message", "line"),
    [
        ("a: 1\na: 2\n", "'a' is given twice", 2),
        ("a: &x [1]\nb: *x\n", "anchors are not allowed", 1),
        ("a: !!python/object/apply:os.system [ls]\n", "tags are not allowed", 1),
        ("a: !!int '3'\n", "tags are not allowed", 1),
        ("a: .inf\n", "not a finite number", 1),
        ("a: 1e999\n", "not a finite number", 1),
        ("<<: {a: 1}\n", "merge keys are not allowed", 1),
        ("? [a]\n: b\n", "a key must be a plain string", 1),
        ("a: 1\n---\nb: 2\n", "another begins", 2),
        ("a: [1\n", "not valid YAML", 2),
        ("a: 'x\u202ey'\n", "hidden or control character (U+202E)", 1),
        ('a: 1\nb: "x\\ey"\n', "hidden or control character (U+001B)", 2),
        ('a: 1\n"x\\u202e": 2\n', "hidden or control character (U+202E)", 2),
        ('a: "\\uD800"\n', "", 1),
        ("a: [" + "x," * 100_000 + "]", "more than 100,000 values", 1),
        ("a: " + "[" * 60 + "]" * 60, "nested deeper than 32", 1),
    ],
)
def test_surprises_are_refused_with_their_place(text: str, message: str, line: int) -> None:
    with pytest.raises(StackgenError) as caught:
        read_yaml(text.encode(), "stack.yaml")
    problem = caught.value.problems[0]
    assert message in problem.message
    assert problem.position is not None
    assert problem.position.line == line


def test_an_alias_bomb_is_refused_before_it_explodes() -> None:
    bomb = "a: &a [x]\n" + "".join(
        f"{chr(98 + i)}: &{chr(98 + i)} [*{chr(97 + i)}, *{chr(97 + i)}]\n" for i in range(9)
    )
    with pytest.raises(StackgenError):
        read_yaml(bomb.encode(), "stack.yaml")


@given(
    st.binary(max_size=400) | st.text(max_size=400).map(lambda text: text.encode("utf-8", "surrogatepass"))
)
def test_any_bytes_are_read_or_refused_with_a_place(data: bytes) -> None:
    try:
        read_yaml(data, "stack.yaml")
    except StackgenError as error:
        assert all(problem.position is not None for problem in error.problems)


@given(
    st.dictionaries(
        st.from_regex(r"[a-z]{1,8}", fullmatch=True),
        st.text(
            st.characters(codec="ascii", exclude_categories=["Cc"]) | st.sampled_from("\t\n"), max_size=40
        ),
    )
)
def test_positions_are_those_of_the_values(values: dict[str, str]) -> None:
    import json

    text = "".join(f"{key}: {json.dumps(value, ensure_ascii=True)}\n" for key, value in values.items())
    found, positions = read_yaml(text.encode(), "stack.yaml")
    assert (found or {}) == values
    for number, key in enumerate(values, start=1):
        place = positions.at((key,))
        assert (place.line, place.column) == (number, len(key) + 3)
