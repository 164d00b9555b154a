"""Which tests a command takes: `nightly` only where `-m` names it, whatever else `-m` says."""

from __future__ import annotations

import pytest

from tests.conftest import names_nightly

pytest_plugins = ["pytester"]
pytestmark = pytest.mark.unit
TESTS = """
import pytest

@pytest.mark.unit
def test_at_once(): pass

@pytest.mark.unit
@pytest.mark.nightly
def test_in_the_night(): pass
"""


@pytest.mark.parametrize("expression", ["nightly", "unit and nightly", "unit or nightly", "not nightly"])
def test_an_expression_that_names_nightly_decides_by_itself(expression: str) -> None:
    assert names_nightly(expression)


@pytest.mark.parametrize("expression", ["", "unit", "not programs", "unit or nightly_of_others"])
def test_any_other_expression_leaves_nightly_out(expression: str) -> None:
    assert not names_nightly(expression)


@pytest.mark.parametrize(("expression", "passed"), [("", 1), ("unit", 1), ("unit or nightly", 2)])
def test_nightly_tests_run_only_where_the_expression_names_them(
    pytester: pytest.Pytester, expression: str, passed: int
) -> None:
    pytester.makeconftest("from tests.conftest import pytest_collection_modifyitems")
    pytester.makeini("[pytest]\nmarkers =\n  unit\n  nightly\n")
    file = pytester.path / "tests" / "some" / "test_both.py"
    file.parent.mkdir(parents=True)
    file.write_text(TESTS, encoding="utf-8")
    pytester.inline_run("-m", expression, str(file)).assertoutcome(passed=passed)
