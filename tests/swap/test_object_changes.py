"""What a copy of a bucket sends, removes, leaves alone and remembers, of what two servers say."""

from __future__ import annotations

import pytest

from stackgen.contracts.s3.changes import Buckets, changes_since, memory_of
from stackgen.contracts.s3.marks import Object

pytestmark = pytest.mark.unit
OLD, NEW, OTHER = "0" * 32, "1" * 32, "2" * 32


def _object(etag: str, date: int = 10, labels: str = "plain") -> Object:
    return Object("key", 1, etag, labels, date)


def _both(source: Object | None, target: Object | None) -> Buckets:
    here, there = ({} if item is None else {"key": item} for item in (source, target))
    return Buckets(
        here, there, lambda _: source is not None and target is not None and source.etag == target.etag
    )


WAS = _object(OLD)
SINCE = {"key": f"{WAS.mark}\n{WAS.mark}"}


@pytest.mark.parametrize(
    ("source", "target", "wanted", "kept", "later"),
    [
        (WAS, WAS, False, "", False),
        (_object(NEW, 11), WAS, True, "", False),
        (_object(OLD, 11), WAS, True, "", False),  # written again as it was
        (WAS, _object(NEW, 20), False, "", False),
        (_object(NEW, 11), _object(OTHER, 20), False, "settled", True),
        (_object(NEW, 11), _object(OTHER, 16), False, "open", False),  # within what clocks may be apart
        (_object(NEW, 11), None, False, "open", False),
        (_object(NEW, 11), _object(NEW, 12), False, "settled", False),  # both the same
        (_object(OLD, 10, "tagged"), _object(OTHER, 20, "tagged"), False, "open", False),  # tags have no date
        (_object(NEW, 3), _object(OLD, 10, "tagged"), False, "open", False),
        (
            _object(NEW, 3, "tagged"),
            _object(OLD, 10, "tagged"),
            False,
            "open",
            False,
        ),  # nor have those of the target
        (_object(f"{NEW}-2", 11), _object(OTHER, 20), False, "open", False),  # dated by its begin
    ],
)
def test_what_users_of_both_have_changed_is_left_alone(
    source: Object, target: Object | None, wanted: bool, kept: str, later: bool
) -> None:
    both = _both(source, target)
    found = changes_since(both, SINCE, used=True)
    assert (found.wanted, found.later) == (("key",) if wanted else (), ("key",) if later else ())
    assert {"": 0, "settled": 1, "open": 2}[kept] == found.kept.get("key", "").count("\n")
    if kept:
        memory = memory_of(both, SINCE, found.kept, {}, ())
        again = changes_since(both, memory, used=True)
        assert again.kept == ({} if kept == "settled" else found.kept), "asked once more it says the same"


@pytest.mark.parametrize("former", [f"{OLD} plain\n{OLD} plain", f"{OLD}\n{OLD}"])
def test_what_former_versions_remembered_still_holds(former: str) -> None:
    """Of no date, or of the ETag alone."""
    since = {"key": former}
    assert changes_since(_both(WAS, WAS), since, used=True).wanted == ()
    assert changes_since(_both(_object(NEW, 11), WAS), since, used=True).wanted == ("key",)
    assert changes_since(_both(_object(NEW, 11), _object(OTHER, 11)), since, used=True).kept
    assert changes_since(_both(None, WAS), since, used=True).gone == ("key",)


def test_a_target_without_users_is_made_equal() -> None:
    for target in (_object(NEW, 11), _object(OLD, 10, "tagged")):
        assert changes_since(_both(WAS, target), SINCE, used=False).wanted == ("key",)
    assert changes_since(_both(None, _object(NEW, 11)), {}, used=False).gone == ("key",)


def test_an_object_that_is_gone_at_the_source_may_come_back() -> None:
    gone = _both(None, WAS)
    memory = memory_of(gone, SINCE, {}, {}, ())
    assert changes_since(gone, memory, used=True).gone == ()
    assert changes_since(_both(_object(NEW, 11), WAS), memory, used=True).wanted == ("key",)
    assert changes_since(_both(_object(NEW, 11), _object(OTHER, 11)), memory, used=True).kept
    assert memory_of(gone, SINCE, {}, {}, ("key",)) == {}
    assert memory_of(_both(None, None), SINCE, {}, {}, ()) == {}


def test_what_was_not_sent_is_sent_by_the_next_copy() -> None:
    both = _both(_object(NEW, 11), WAS)
    assert changes_since(both, memory_of(both, SINCE, {}, {"key": None}, ()), used=True).wanted == ("key",)
