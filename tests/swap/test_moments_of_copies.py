"""What users of two buckets, a server or a kill do in the middle of a copy, before or after one of its requests."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from botocore.client import BaseClient
from botocore.exceptions import ClientError

from stackgen.contracts.s3 import sender as s3_send
from stackgen.errors import StackgenError
from tests.swap.buckets import Buckets, buckets, quietly, stop, stopped_at

__all__ = ["buckets", "quietly"]
pytestmark = [pytest.mark.sweep, pytest.mark.usefixtures("quietly")]
Asked = Callable[[Callable[[], Any], str], Any]  # sends the request for a key; the answer


@contextmanager
def _at(request: str, bucket: str, does: Asked) -> Iterator[None]:
    """Requests of a copy are asked by `does`; those that it makes itself are not."""
    ask, own = BaseClient._make_api_call, threading.local()  # pyright: ignore[reportPrivateUsage]

    def asked(client: Any, name: str, given: Any) -> Any:
        if hasattr(own, "busy") or (name, given.get("Bucket")) != (request, bucket):
            return ask(client, name, given)
        own.busy = True
        try:
            return does(lambda: ask(client, name, given), given.get("Key", ""))
        finally:
            del own.busy

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(BaseClient, "_make_api_call", asked)
        yield


@pytest.mark.parametrize("grows", [True, False])
def test_an_object_that_is_written_anew_while_it_is_fetched_is_brought(
    buckets: Buckets, monkeypatch: pytest.MonkeyPatch, grows: bool
) -> None:
    old, new, world = buckets.old, buckets.new, buckets.world
    monkeypatch.setattr(s3_send, "SMALL", 5 * 1024 * 1024)
    newest, once = "x" * (s3_send.SMALL + 1) if grows else "new", iter([1])

    def fetched(send: Callable[[], Any], key: str) -> Any:
        if key != "both" or not [*once]:
            return send()
        old.put(newest, "both") if grows else old.delete("both")
        try:
            return send()
        finally:
            old.put(newest, "both")

    old.put("1", "both")
    with _at("GetObject", "old", fetched):
        world.retire()
    assert new.get("both") == newest


def test_an_object_that_never_stays_stops_a_copy(buckets: Buckets) -> None:
    old, world = buckets.old, buckets.world

    def fetched(send: Callable[[], Any], key: str) -> Any:
        old.delete(key)
        try:
            return send()
        finally:
            old.put("again", key)

    old.put("1", "both")
    with (
        _at("GetObject", "old", fetched),
        pytest.raises(StackgenError, match="'both' was changed during each"),
    ):
        world.retire()


def test_what_is_written_before_a_removal_stays(buckets: Buckets) -> None:
    old, new, world = buckets.old, buckets.new, buckets.world
    new.delete("both")
    new.delete("checkpoint")
    journal = world.back()
    world.take(journal, "gather")
    late: list[str] = []

    def removed(send: Callable[[], Any], key: str) -> Any:
        late.append({"both": "checkpoint", "checkpoint": "both"}[key])
        old.put("late", late[-1])
        return send()

    with _at("DeleteObject", "old", removed):
        world.take(journal, "copy")
    assert old.get(late[0]) == "late"


def test_a_box_that_lost_its_data_is_filled_again_though_a_copy_is_killed(buckets: Buckets) -> None:
    old, new, world = buckets.old, buckets.new, buckets.world
    journal = world.back()
    world.take(journal, "gather")
    for key in old.listed():
        old.delete(key)
    with _at("PutObject", "old", lambda send, key: stop() if key == "large" else send()):
        with pytest.raises(KeyboardInterrupt):
            world.take(journal, "copy")
        assert old.listed() == ["both", "checkpoint"]
    world.returned()
    assert old.listed() == new.listed() == ["both", "checkpoint", "large"]


def test_what_both_have_written_alike_is_known_on_both_sides(buckets: Buckets) -> None:
    old, new, world = buckets.old, buckets.new, buckets.world
    old.put("x", "both")
    buckets.clock.goes_on(10)
    new.put("x", "both")
    world.retire()
    old.put("y", "both")
    world.retire()
    assert new.get("both") == "y"


@pytest.mark.parametrize("etag", ['"other"', None])
def test_a_server_may_answer_with_another_etag_than_it_has(buckets: Buckets, etag: str | None) -> None:
    old, new, world = buckets.old, buckets.new, buckets.world

    def put(send: Callable[[], Any], _: str) -> Any:
        return {"ETag": etag} if send() and etag else {}

    old.put("1", "both")
    with _at("PutObject", "new", put):
        assert "changed or deleted later" not in world.retire()
        old.put("2", "both")
        assert "changed or deleted later" not in world.retire()
    assert new.get("both") == "2"


def test_an_object_that_is_deleted_after_a_copy_of_it_was_killed_stays_deleted(buckets: Buckets) -> None:
    old, new, world = buckets.old, buckets.new, buckets.world
    new.put("1", "another")
    journal = world.back()
    world.take(journal, "gather")
    with stopped_at("sent"), pytest.raises(KeyboardInterrupt):
        world.take(journal, "copy")
    assert "another" in old.listed()
    new.delete("another")
    world.returned()
    assert "another" not in old.listed()


def test_the_way_back_names_what_one_box_has_deleted_and_the_other_written(
    buckets: Buckets, capsys: pytest.CaptureFixture[str]
) -> None:
    old, new, world = buckets.old, buckets.new, buckets.world
    journal = world.back()
    world.take(journal, "gather")
    new.delete("both")
    old.put("late", "both")
    world.returned()
    assert "changed in both boxes, and what is there stays: object 'both'" in capsys.readouterr().out
    assert old.get("both") == "late"


def test_an_upload_that_fails_leaves_nothing(buckets: Buckets, monkeypatch: pytest.MonkeyPatch) -> None:
    old, new, world = buckets.old, buckets.new, buckets.world
    monkeypatch.setattr(s3_send, "SMALL", 1)
    old.put("123", "both")

    def failing(_: Callable[[], Any], __: str) -> Any:
        answer: Any = {"Error": {"Code": "InternalError"}, "ResponseMetadata": {"HTTPStatusCode": 500}}
        raise ClientError(answer, "CompleteMultipartUpload")

    with _at("CompleteMultipartUpload", "new", failing), pytest.raises(StackgenError, match="InternalError"):
        world.retire()
    assert "Uploads" not in new.client.list_multipart_uploads(Bucket="new")


def test_users_may_delete_what_has_just_come(buckets: Buckets) -> None:
    old, new, world = buckets.old, buckets.new, buckets.world

    def listed(send: Callable[[], Any], _: str) -> Any:
        if "late" in new.listed():
            new.delete("late")
        return send()

    old.put("1", "late")
    with _at("ListObjectsV2", "new", listed):
        assert "1 changed or deleted later" in world.retire()
