"""A user's value enters Python source exactly, or not at all."""

from __future__ import annotations

import ast
import datetime
import enum
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stackgen.program.literals import WIDTH, Code, mapping_literal, python_literal

pytestmark = pytest.mark.unit

SCALARS = (
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text()
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.text(), inner, max_size=4)
        | st.tuples(inner)
        | st.tuples(inner, inner)
    ),
    max_leaves=12,
)


@given(VALUES, st.integers(0, 40), st.integers(0, 100))
def test_literals_read_back_as_they_were(value: object, indent: int, lead: int) -> None:
    assert ast.literal_eval(python_literal(value, indent=indent, lead=lead)) == value


@given(st.text())
def test_a_string_is_one_constant_whatever_is_in_it(value: str) -> None:
    (statement,) = ast.parse(f"x = {python_literal(value)}").body
    assert isinstance(statement, ast.Assign)
    assert isinstance(statement.value, ast.Constant)
    assert statement.value.value == value


class _Liar(str):
    def __repr__(self) -> str:
        return "__import__('os').getcwd()"


class _Choice(enum.Enum):
    A = "a"


@pytest.mark.parametrize(
    "value",
    [
        _Liar("x"),
        _Choice.A,
        float("nan"),
        float("inf"),
        datetime.date(2026, 1, 1),
        Path("x"),
        {1: 2},
        {_Liar("k"): 1},
    ],
    ids=lambda value: type(value).__name__,
)
def test_anything_but_exact_built_in_types_is_refused(value: Any) -> None:
    with pytest.raises(TypeError):
        python_literal([value])


def test_names_takes_only_code() -> None:
    assert mapping_literal({"a": Code("b.c")}) == '{"a": b.c}'
    with pytest.raises(TypeError):
        mapping_literal({"a": "b.c"})


@given(VALUES)
def test_short_values_stay_on_one_line(value: object) -> None:
    text = python_literal(value)
    if "\n" not in text:
        return
    assert len(python_literal(value, lead=0).splitlines()) > 1
    assert max(len(text.splitlines()[0]), 1) <= WIDTH


def test_layout_is_what_ruff_would_write() -> None:
    value = {
        "one": ["alpha " * 5, "beta " * 5, "gamma " * 8],
        "two": {"three": list(range(60))},
        "it's": 'a "b"',
    }
    source = f"x = {python_literal(value, lead=4)}\n"
    command = [sys.executable, "-m", "ruff", "format", "--isolated", "--line-length", str(WIDTH), "-"]
    done = subprocess.run(command, input=source, text=True, capture_output=True, check=True)
    assert done.stdout == source
