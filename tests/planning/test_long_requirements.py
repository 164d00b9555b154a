"""Requirements are a checkout's: no length of theirs keeps a command busy."""

from __future__ import annotations

import pytest

from stackgen.planning import user_code

pytestmark = pytest.mark.unit


def test_long_requirements_are_read_in_one_pass() -> None:
    """The time grew with the square of the length: a file of 4 MB kept `check` busy for 20 minutes."""
    text = "a==1 \\\n" * 200_000 + "\n" + "x${\ny$\\\n{z}\n" * 100_000
    requirements = user_code._requirements(text)  # pyright: ignore[reportPrivateUsage]
    assert [number for number, *_ in requirements][:2] == [1, 200_002]
    variable = user_code._VARIABLE  # pyright: ignore[reportPrivateUsage]
    found = list(user_code._lines_of(variable, text))  # pyright: ignore[reportPrivateUsage]
    assert (found[:2], len(found)) == ([200_001, 200_002], 200_000)
