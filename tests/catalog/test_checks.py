"""Each folder in wrong/ is a shelf that is wrong, and what a person reads about it; right/ is one without a fault."""

from __future__ import annotations

import ast
from collections.abc import Callable
from pathlib import Path

import pytest

from stackgen.authoring.checking import check_catalog
from stackgen.catalog.shelf import Shelf

pytestmark = pytest.mark.unit
HERE = Path(__file__).parent
RIGHT = HERE / "right"
CASES = sorted(path.parent for path in (HERE / "wrong").glob("*/shelf"))
PACKAGE = HERE.parents[1] / "src" / "stackgen"
AUTHORING = [PACKAGE / "authoring" / name for name in ("checking.py", "examples.py")]
RULES = [*(PACKAGE / "catalog" / "checks").glob("*.py"), *AUTHORING]


@pytest.mark.parametrize("case", CASES, ids=lambda path: path.name)
def test_what_is_said(
    case: Path, golden: Callable[[Path, str], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(case)
    root = case / "shelf"
    problems = check_catalog(Shelf([root], lenient=True), root).problems
    assert problems
    assert all(problem.next for problem in problems)
    text = "".join(problem.render() + "\n" for problem in problems)
    assert "pydantic" not in text.lower()
    golden(case / "expected.txt", text)


def test_nothing_is_said_of_a_right_shelf() -> None:
    checked = check_catalog(Shelf([RIGHT], lenient=True), RIGHT)
    assert checked.problems == ()
    assert [entry.id for entry in checked.entries] == ["local/folder"]
    assert checked.unreadable == {}


def test_every_rule_has_a_wrong_shelf() -> None:
    said = "".join((case / "expected.txt").read_text(encoding="utf-8") for case in CASES)
    codes = {code for path in RULES for code in _codes(path)}
    assert {code for code in codes if f"error[{code}]" not in said} == set()


def _codes(path: Path) -> set[str]:
    """First arguments of every call that makes a problem."""
    calls = [
        node for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))) if isinstance(node, ast.Call)
    ]
    return {
        text.value
        for call in calls
        if ast.unparse(call.func).rpartition(".")[2] in ("Problem", "problem") and call.args
        for text in ast.walk(call.args[0])
        if isinstance(text, ast.Constant) and isinstance(text.value, str)
    }
