"""Clients with old bindings go on writing to a bucket that serves no longer: what they write is not lost.

S3 is moto's, by the client that applications use.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any, cast

import pytest

from stackgen.contracts.s3 import changes as s3_changes
from stackgen.contracts.s3 import mover as s3
from stackgen.contracts.s3 import sender as s3_send
from stackgen.errors import StackgenError
from stackgen.swap.journal import Journal
from tests.swap.buckets import (
    Buckets,
    buckets,
    interrupted,
    quietly,
    retire_for,
    stop,
    stop_a_retirement,
)
from tests.swap.world import BESIDE

__all__ = ["buckets", "quietly"]
pytestmark = pytest.mark.sweep


@pytest.mark.parametrize("word", ["retire", "rollback"])
def test_what_a_stopped_retirement_brought_over_is_no_change_by_users(
    buckets: Buckets, quietly: Callable[[Callable[[], Any]], None], word: str
) -> None:
    old, new, world = buckets.old, buckets.new, buckets.world
    old.put("1")
    new.put("own", "both")
    quietly(lambda: old.put("2"))
    with pytest.raises(StackgenError, match="is still written to"):
        world.retire()
    assert new.get() == "2"
    old.put("9")
    quietly(lambda: None)
    world.retire() if word == "retire" else world.returned()
    assert (new.get(), new.get("both")) == ("9", "own")
    assert old.get() == "9"
    assert not list(world.path.parent.glob("*.begun"))


@pytest.mark.parametrize("word", ["retire", "rollback"])
@pytest.mark.usefixtures("quietly")
def test_what_an_interrupted_copy_brought_over_is_no_change_by_users(buckets: Buckets, word: str) -> None:
    old, new, world = buckets.old, buckets.new, buckets.world
    new.put("own", "both")
    moments = (
        ("1", "whole", "1"),
        ("2", "early", "1"),
        ("3", "sent", "3"),
        ("4", "early", "3"),
        ("5", "sent", "5"),
    )
    for content, when, there in moments:
        old.put(content)
        old.put("late", "both")
        stop_a_retirement(world, when)
        assert new.get() == there
    old.put("9")
    retire_for(world, "both") if word == "retire" else world.returned()
    assert (new.get(), new.get("both"), old.get()) == ("9", "own", "9")


def test_a_way_back_that_is_interrupted_brings_what_was_written_since(buckets: Buckets) -> None:
    old, new, world = buckets.old, buckets.new, buckets.world
    new.put("5")
    new.put("own", "large")
    journal = world.back()
    world.take(journal, "gather")
    with pytest.raises(KeyboardInterrupt):
        interrupted(world).take(journal, "copy")
    assert old.get() == "5"
    new.put("6")
    old.put("late", "both")
    world.returned()
    assert (old.get(), old.get("both"), old.get("large")) == ("6", "late", "own")


@pytest.mark.usefixtures("quietly")
@pytest.mark.parametrize("word", ["retire", "rollback"])
def test_what_an_interrupted_copy_sent_is_known_by_what_the_server_said_of_it(
    buckets: Buckets, word: str
) -> None:
    """Sent at once it has another ETag than in parts."""
    old, new, world = buckets.old, buckets.new, buckets.world
    old.put_in_parts("11", "large")
    stop_a_retirement(world)
    assert new.get("large") == "11"
    old.put_in_parts("99", "large")
    world.retire() if word == "retire" else world.returned()
    assert (new.get("large"), old.get("large")) == ("99", "99")


@pytest.mark.usefixtures("quietly")
def test_what_users_wrote_right_after_an_object_was_sent_stays(buckets: Buckets) -> None:
    """Of the same size, and with ETags that say nothing of each other."""
    old, new, world = buckets.old, buckets.new, buckets.world
    old.put_in_parts("1", "large")
    stop_a_retirement(world, "sent")
    new.put("7", "large")
    retire_for(world, "large")
    assert new.get("large") == "7"


@pytest.mark.usefixtures("quietly")
@pytest.mark.parametrize("early", [True, False])
def test_what_users_made_of_an_object_after_an_interrupted_copy_stays(buckets: Buckets, early: bool) -> None:
    old, new, world = buckets.old, buckets.new, buckets.world
    old.put("1")
    stop_a_retirement(world, "early" if early else "whole")
    if early:
        new.put("7")
        retire_for(world, "checkpoint")
    else:
        new.tag("checkpoint", "approved")
        world.retire()
    assert (new.get(), new.tags("checkpoint")) == (("7", []) if early else ("1", ["approved"]))


@pytest.mark.usefixtures("quietly")
def test_what_users_write_while_an_object_is_fetched_is_not_written_over(
    buckets: Buckets, monkeypatch: pytest.MonkeyPatch
) -> None:
    old, new, world = buckets.old, buckets.new, buckets.world
    old.put("late")
    own, blocks = iter(["own"]), s3_send.blocks

    def slowly(answer: Any) -> Iterator[bytes]:
        yield from blocks(answer)
        for content in own:
            new.put(content)

    monkeypatch.setattr(s3_send, "blocks", slowly)
    retire_for(world, "checkpoint")
    assert new.get() == "own"


@pytest.mark.usefixtures("quietly")
@pytest.mark.parametrize("cure", ["delete", "keep", "take", "write"])
def test_a_retirement_stops_for_an_object_that_both_boxes_have_changed(buckets: Buckets, cure: str) -> None:
    old, new, world = buckets.old, buckets.new, buckets.world
    new.put("own", "both")
    new.put("own", "large")
    old.put("late", "both")
    old.put("late")
    retire_for(world, "both")
    retire_for(world, "both")
    assert (new.get(), new.get("both"), old.get("both")) == ("late", "own", "late")
    if cure == "delete":
        old.delete("both")
    elif cure == "keep":
        old.put_in_parts("own", "both")
    elif cure == "take":
        new.put("late", "both")
    else:
        old.put("another", "both")
        retire_for(world, "both")
        return
    assert "1 changed or deleted later in the new component" in world.retire()
    assert new.get("both") == ("late" if cure == "take" else "own")


@pytest.mark.usefixtures("quietly")
def test_a_retirement_stops_for_an_object_that_one_box_has_deleted(buckets: Buckets) -> None:
    old, new, world = buckets.old, buckets.new, buckets.world
    new.delete("both")
    new.delete("large")
    old.put("late", "both")
    retire_for(world, "both")
    new.put("late", "both")
    assert "1 changed or deleted later" in world.retire()


@pytest.mark.usefixtures("quietly")
@pytest.mark.parametrize("seconds", [4, 7])
@pytest.mark.parametrize("then", [None, "tagged", "tagged there", "in parts"])
def test_the_later_write_of_two_is_served(buckets: Buckets, seconds: int, then: str | None) -> None:
    """By the servers' clocks, which may differ, and where nothing else of the object is lost with the old box."""
    old, new, world = buckets.old, buckets.new, buckets.world
    old.put("late", "both") if then != "in parts" else old.put_in_parts("late", "both")
    buckets.clock.goes_on(seconds)
    new.put("own", "both")
    if then is not None and then.startswith("tagged"):
        (old if then == "tagged" else new).tag("both", "approved")
    if seconds > s3_changes.CLOCKS and then is None:
        assert "1 changed or deleted later" in world.retire()
    else:
        retire_for(world, "both")
    assert new.get("both") == "own"


@pytest.mark.usefixtures("quietly")
def test_tags_are_no_later_write(buckets: Buckets, monkeypatch: pytest.MonkeyPatch) -> None:
    """What they are of may be our own copy of an older content."""
    old, new, world = buckets.old, buckets.new, buckets.world
    old.put("1")
    blocks = s3_send.blocks

    def slowly(answer: Any) -> Iterator[bytes]:
        yield from blocks(answer)
        old.put("2")
        buckets.clock.goes_on(7)

    with monkeypatch.context() as patch:
        patch.setattr(s3_send, "blocks", slowly)
        stop_a_retirement(world)
    new.tag("checkpoint", "approved")
    old.tag("checkpoint", "approved")
    retire_for(world, "checkpoint")


@pytest.mark.usefixtures("quietly")
@pytest.mark.parametrize("side", ["old", "new"])
def test_what_is_written_again_as_it_was_is_a_write(buckets: Buckets, side: str) -> None:
    """Such as a flag that is turned on and off."""
    here, other = (buckets.old, buckets.new) if side == "old" else (buckets.new, buckets.old)
    other.put("another", "both")
    here.put("1", "both")
    here.put("0", "both")
    retire_for(buckets.world, "both")
    assert (here.get("both"), other.get("both")) == ("0", "another")


@pytest.mark.usefixtures("quietly")
@pytest.mark.parametrize("word", ["retire", "rollback"])
@pytest.mark.parametrize("seconds", [0, 7])
def test_an_object_whose_tags_were_not_sent_yet_is_known(
    buckets: Buckets, monkeypatch: pytest.MonkeyPatch, word: str, seconds: int
) -> None:
    old, new, world = buckets.old, buckets.new, buckets.world
    here, other = (old, new) if word == "retire" else (new, old)
    here.put("late")
    here.tag("checkpoint", "approved")
    buckets.clock.goes_on(seconds)
    put = s3_send.Sender._put  # pyright: ignore[reportPrivateUsage]
    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(s3_send.Sender, "_put", lambda *given: stop(put(*given)))
        world.retire() if word == "retire" else world.returned()
    here.put("later", "both")
    world.retire() if word == "retire" else world.returned()
    assert (other.get(), other.tags("checkpoint"), other.get("both")) == ("late", ["approved"], "later")


@pytest.mark.usefixtures("quietly")
def test_what_users_write_right_after_an_object_was_sent_is_named(
    buckets: Buckets, monkeypatch: pytest.MonkeyPatch
) -> None:
    old, new, world = buckets.old, buckets.new, buckets.world
    put, own = s3_send.Sender._put, iter(["own"])  # pyright: ignore[reportPrivateUsage]

    def sent(*given: Any) -> str | None:
        etag = put(*given)
        for content in own:
            new.put(content)
        return etag

    monkeypatch.setattr(s3_send.Sender, "_put", sent)
    old.put("late")
    retire_for(world, "checkpoint")
    old.put("later")
    retire_for(world, "checkpoint")
    assert new.get() == "own"


@pytest.mark.usefixtures("quietly")
def test_what_users_write_while_a_large_object_is_sent_is_not_written_over(
    buckets: Buckets, monkeypatch: pytest.MonkeyPatch
) -> None:
    old, new, world = buckets.old, buckets.new, buckets.world
    monkeypatch.setattr(s3_send, "SMALL", 5 * 1024 * 1024)
    large, own, parts = "x" * 12 * 1024 * 1024, iter(["own"]), s3_send._parts  # pyright: ignore[reportPrivateUsage]

    def slowly(*given: Any) -> Iterator[dict[str, Any]]:
        yield from parts(*given)
        for content in own:
            new.put(content, "large")

    old.put(large, "both")
    world.retire()
    assert new.get("both") == large
    monkeypatch.setattr(s3_send, "_parts", slowly)
    old.put(large, "large")
    retire_for(world, "large")
    assert new.get("large") == "own"
    assert "Uploads" not in new.client.list_multipart_uploads(Bucket="new")


@pytest.mark.usefixtures("quietly")
def test_what_a_server_does_not_keep_is_named(buckets: Buckets, monkeypatch: pytest.MonkeyPatch) -> None:
    old, world = buckets.old, buckets.world
    old.client.put_object(Bucket="old", Key="dated", Body=b"1", CacheControl="max-age=3")
    monkeypatch.setattr(s3_send, "headers_of", lambda _: {})
    retire_for(world, "dated")


def test_a_copy_that_was_stopped_brings_back_nothing_that_is_deleted(buckets: Buckets) -> None:
    old, new, world = buckets.old, buckets.new, buckets.world
    world.path.unlink()
    world.serving = 1
    journal = Journal(world.path, "swap", "kept", 1, 2, wanted=BESIDE)
    world.take(journal, "copy")
    old.put("1", "another")
    old.put("1", "both")
    with pytest.raises(KeyboardInterrupt):
        interrupted(world).take(journal, "delta")
    old.delete("another")
    old.delete("both")
    world.take(journal, "delta", "switch", "settle")
    assert new.listed() == ["checkpoint", "large"]


@pytest.mark.usefixtures("quietly")
@pytest.mark.parametrize("what", ["written", "deleted", "written late"])
def test_what_users_do_while_boxes_are_compared_stops_nothing(
    buckets: Buckets, monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    old, new, world = buckets.old, buckets.new, buckets.world
    checksum, once = s3.checksum, iter([1])

    def slowly(*given: Any) -> str:
        for _ in once:
            if what == "deleted":
                new.delete("both")
            else:
                (old if what == "written late" else new).put("own", "both")
        return checksum(*given)

    monkeypatch.setattr(s3, "checksum", slowly)
    if what == "written late":
        with pytest.raises(StackgenError, match="is still written to"):
            world.retire()
        assert new.get("both") == "own"
    assert "counts and checksums are equal" in world.retire()


def test_an_object_that_changes_while_it_is_copied_is_brought_again(buckets: Buckets) -> None:
    """Though it is at last as it was when it was listed."""
    old, new, world = buckets.old, buckets.new, buckets.world
    world.path.unlink()
    world.serving = 1
    journal = Journal(world.path, "swap", "kept", 1, 2, wanted=BESIDE)
    old.put("on")
    world.take(journal, "copy")
    old.put("off")
    with pytest.MonkeyPatch.context() as patch:
        _after_listing(patch, lambda: old.put("on2"))
        world.take(journal, "delta")
    old.put("off")
    world.take(journal, "switch", "settle")
    assert new.get() == "off"


@pytest.mark.usefixtures("quietly")
def test_an_object_that_is_gone_for_a_moment_is_brought(buckets: Buckets) -> None:
    old, new, world = buckets.old, buckets.new, buckets.world
    old.put("1", "both")
    with pytest.MonkeyPatch.context() as patch:
        _after_listing(patch, lambda: old.delete("both"))
        world.retire()
    old.put("1", "both")
    world.retire()
    assert new.get("both") == "1"


def _after_listing(patch: pytest.MonkeyPatch, does: Callable[[], Any]) -> None:
    """What happens when objects of the old box have been looked at."""
    listed = s3.Side.objects

    def objects(side: s3.Side) -> Any:
        found = listed(side)
        if side.bucket == "old":
            does()
        return found

    patch.setattr(s3.Side, "objects", objects)


@pytest.mark.usefixtures("quietly")
def test_an_object_that_was_deleted_and_is_written_again_late_is_brought(buckets: Buckets) -> None:
    old, new, world = buckets.old, buckets.new, buckets.world
    old.delete("both")
    old.delete("large")
    world.retire()
    old.put("9", "both")
    world.retire()
    assert new.get("both") == "9"
    world.returned()
    assert old.get("large") == "0"


def test_the_way_back_names_what_both_boxes_have_changed(
    buckets: Buckets, capsys: pytest.CaptureFixture[str]
) -> None:
    old, new, world = buckets.old, buckets.new, buckets.world
    old.put("late", "both")
    old.put("late", "large")
    new.put("own", "large")
    buckets.clock.goes_on(7)
    new.put("own", "both")
    world.returned()
    assert (old.get("both"), old.get("large")) == ("own", "late")
    said = capsys.readouterr().out
    assert "changed in both boxes, and the later one stays: object 'both'" in said
    assert "changed in both boxes, and each box keeps its own: object 'large'" in said


@pytest.mark.usefixtures("quietly")
def test_a_swap_knows_nothing_of_one_whose_journal_was_deleted(buckets: Buckets) -> None:
    old, new, world = buckets.old, buckets.new, buckets.world
    old.put("1")
    stop_a_retirement(world)
    assert list(world.path.parent.glob("*.begun"))
    world.path.unlink()
    world.serving = 1
    old.put("5")
    journal = Journal(world.path, "swap", "kept", 1, 2, wanted=BESIDE)
    world.take(journal, "copy", "delta", "switch")
    old.put("6")
    world.take(journal, "settle")
    assert new.get() == "6"


def test_a_swap_does_not_stop_for_an_object_that_is_written_all_the_time(
    buckets: Buckets, capsys: pytest.CaptureFixture[str]
) -> None:
    old, new, world = buckets.old, buckets.new, buckets.world
    journal = world.back()
    world.take(journal, "gather", "copy", "delta", "switch")
    new.put("late", "both")
    old.put("own", "both")
    world.take(journal, "settle")
    assert "changed in both boxes, and each box keeps its own: object 'both'" in capsys.readouterr().out
    assert (new.get("both"), old.get("both")) == ("late", "own")


def test_what_is_written_to_an_empty_box_on_the_way_back_stays(buckets: Buckets) -> None:
    old, new, world = buckets.old, buckets.new, buckets.world
    for key in ("checkpoint", "both", "large"):
        for box in (old, new):
            box.delete(key)
    journal = world.back()
    world.take(journal, "gather")
    new.put("own")
    world.take(journal, "copy")
    old.delete("checkpoint")

    def copy(*boxes: Any, **options: Any) -> Any:
        old.put("late", "both")
        return s3.copy_objects(*boxes, **options)

    replace(world, mover=replace(s3.MOVER, copy=cast(Any, copy))).take(journal, "delta")
    assert (old.get(), old.get("both")) == ("own", "late")
