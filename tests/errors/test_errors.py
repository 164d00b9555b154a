"""Each folder here is a spec that is wrong, and what a person reads about it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from stackgen.catalog.shelf import Shelf
from stackgen.errors import StackgenError
from stackgen.planning.plan import check_stack
from stackgen.spec.loading import load_spec

pytestmark = pytest.mark.unit
HERE = Path(__file__).parent
CASES = sorted(path.parent for path in HERE.glob("*/stack.yaml"))


@pytest.mark.parametrize("case", CASES, ids=lambda path: path.name)
def test_what_is_said(
    case: Path, golden: Callable[[Path, str], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(case)
    with pytest.raises(StackgenError) as caught:
        check_stack(load_spec(Path("stack.yaml")), Shelf())
    text = caught.value.render()
    assert "pydantic" not in text
    assert all(problem.position is not None for problem in caught.value.problems)
    golden(case / "expected.txt", text + "\n")
