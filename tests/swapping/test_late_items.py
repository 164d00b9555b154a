"""What reaches an old box late, and what the box that serves has changed meanwhile."""

from __future__ import annotations

from typing import Any, cast

import pytest

from stackgen.moving.mlflow_changes import late_items
from stackgen.moving.mlflow_side import Side, digests, files_of, owner
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

    def __init__(self, points: list[str], **files: str) -> None:
        self._items = {"run r": {"points": points}, **{f"file run r/{key}": v for key, v in files.items()}}

    def contents(self, *, deep: bool = False) -> dict[str, Any]:
        assert deep
        return self._items


def test_a_late_copy_only_adds() -> None:
    here = _Server(["1", "late"], new="late", over="late", gone="1", same="1")
    there = _Server(["1", "own"], over="1", same="1")
    settled = digests(_Server(["1"], over="1", gone="1", same="1").contents(deep=True))
    found = late_items(cast(Side, here), cast(Side, there), settled)
    assert found == {"run r", "file run r/new"}, (
        "not what is there, nor what the new box's users have deleted"
    )
    assert not late_items(cast(Side, there), cast(Side, there), settled)


@pytest.mark.parametrize("origin", ["0f3a", "of/another", "with a blank", "%2F"])
def test_a_file_belongs_to_its_run(origin: str) -> None:
    assert owner(f"{files_of('run', origin)}a/b.txt") == f"run {origin}"
    assert owner(f"run {origin}") == f"run {origin}"
