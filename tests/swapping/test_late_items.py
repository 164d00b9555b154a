"""What reaches an old box late, and what the box that serves has changed meanwhile."""

from __future__ import annotations

from typing import Any, cast

import pytest

from stackgen.moving.mlflow_changes import late_items
from stackgen.moving.mlflow_side import Side
from stackgen.moving.model import holds

pytestmark = pytest.mark.unit


@pytest.mark.parametrize(
    ("more", "less", "held"),
    [
        ({"tags": {"a": "1", "b": "2"}}, {"tags": {"a": "1"}}, True),
        ({"tags": {"a": "2"}}, {"tags": {"a": "1"}}, False),
        ({"tags": {}}, {"tags": {"a": "1"}}, False),
        ([["loss", "1.0"], ["loss", "2.0"]], [["loss", "2.0"]], True),
        ([["loss", "1.0"]], [["loss", "1.0"], ["loss", "1.0"]], False),
        ("FINISHED", "RUNNING", False),
        (None, {"points": []}, False),
    ],
)
def test_one_side_holds_what_the_other_has(more: Any, less: Any, held: bool) -> None:
    assert holds(more, less) is held


class _Server:
    """The items of one, by what they consist of."""

    def __init__(self, **items: str) -> None:
        self._items = {
            f"{'file run r/' if key.startswith('f') else 'run '}{key}": v for key, v in items.items()
        }

    def items(self, *, deep: bool = False) -> dict[str, str]:
        assert deep
        return self._items


def test_a_file_that_the_new_box_has_changed_is_left_alone() -> None:
    here = _Server(r="late", f_new="late", f_both="late", f_late="late", f_same="1")
    there = _Server(r="1", f_both="own", f_late="1", f_same="1")
    settled = {"file run r/f_both": "1", "file run r/f_late": "1", "file run r/f_same": "1"}
    found = late_items(cast(Side, here), cast(Side, there), settled)
    assert found == {"run r", "file run r/f_new", "file run r/f_late"}
    unknown = late_items(cast(Side, here), cast(Side, there), {})
    assert unknown == {"run r", "file run r/f_new"}, "whose change is the later one is not known"
