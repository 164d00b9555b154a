"""What a swap does not copy over, and what it does not leave behind without a word."""

from __future__ import annotations

from pathlib import Path

import pytest

from stackgen.contracts.s3 import mover as s3
from stackgen.errors import StackgenError
from stackgen.swap.journal import Journal
from tests.swap.buckets import Bucket, Buckets, buckets
from tests.swap.world import BESIDE, World

__all__ = ["buckets"]
pytestmark = pytest.mark.unit


def _begun(buckets: Buckets, target: Bucket, folder: Path) -> tuple[World, Journal]:
    path = folder / "first.json"
    world = World(s3.MOVER, (buckets.old.binding, target.binding), path)
    return world, Journal(path, "swap", "kept", 1, 2, wanted=BESIDE)


def test_a_box_that_holds_data_is_not_filled(buckets: Buckets, tmp_path: Path) -> None:
    target = Bucket("third")
    world, journal = _begun(buckets, target, tmp_path)
    target.put("of a spec that was taken back")
    with pytest.raises(
        StackgenError, match=r"box 2 of 'kept' holds data already \(object 'checkpoint'\)"
    ) as refused:
        world.take(journal, "empty")
    assert [problem.code for problem in refused.value.problems] == ["box-not-empty"]
    target.delete("checkpoint")
    assert world.take(journal, "empty", "copy")
    assert target.get() == "0"


def test_another_bucket_of_the_box_is_named_before_anything_is_copied(
    buckets: Buckets, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = Bucket("third")
    world, journal = _begun(buckets, target, tmp_path)
    monkeypatch.setattr(s3, "CLOUDS", ())  # a cloud's buckets are no one box's
    with pytest.raises(StackgenError, match=r"^not moved: bucket 'new': "):
        world.take(journal, "copy")
    assert target.listed() == []
