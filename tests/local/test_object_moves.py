"""Objects between two servers that do not take the same keys, and what changes of an object without its content."""

from __future__ import annotations

import datetime
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from stackgen.contracts.s3 import mover as s3
from stackgen.contracts.s3.contract import S3Binding, client
from stackgen.errors import StackgenError
from tests.conftest import Cli
from tests.local.swapping import bindings, gone, up

pytestmark = [pytest.mark.local, pytest.mark.timeout(900)]
STORES = """\
  documents: {capability: object_store, implementation: local/versitygw}
  archive: {capability: object_store, implementation: local/seaweedfs}
"""
WHEN = datetime.datetime(2030, 1, 1, tzinfo=datetime.UTC)


@pytest.fixture
def boxes(stack: Cli) -> Iterator[list[S3Binding]]:
    up(stack, STORES)
    found = bindings(stack)
    yield [S3Binding.model_validate(found[name]["s3"]) for name in ("documents", "archive")]
    gone(stack)


class Box:
    """One bucket, as an application sees it."""

    def __init__(self, binding: S3Binding) -> None:
        self.bucket, self.client = binding.bucket, client(binding)

    def put(self, key: str, content: bytes = b"", **headers: Any) -> None:
        self.client.put_object(Bucket=self.bucket, Key=key, Body=content, **headers)

    def tag(self, key: str, value: str) -> None:
        tags = {"TagSet": [{"Key": "state", "Value": value}]}
        self.client.put_object_tagging(Bucket=self.bucket, Key=key, Tagging=tags)

    def tags(self, key: str) -> list[str]:
        found = self.client.get_object_tagging(Bucket=self.bucket, Key=key)["TagSet"]
        return [tag["Value"] for tag in found]

    def date(self, key: str) -> datetime.datetime:
        return self.client.head_object(Bucket=self.bucket, Key=key)["LastModified"]

    def content(self, key: str) -> bytes:
        return self.client.get_object(Bucket=self.bucket, Key=key)["Body"].read()


def test_no_object_is_lost_between_two_servers(boxes: list[S3Binding]) -> None:
    here, there = boxes
    old, new = (Box(binding) for binding in boxes)
    for key in (r"reports\2026.csv", "reports/2026.csv"):
        old.put(key, key.encode())
    with pytest.raises(
        StackgenError, match=r"not moved: object 'reports\\2026\.csv': the new box took it, and"
    ):
        s3.copy_objects(here, there, None, print)
    for key in (r"reports\2026.csv", "reports/2026.csv"):
        assert old.content(key) == key.encode()
    old.client.delete_object(Bucket=old.bucket, Key=r"reports\2026.csv")

    old.put("dated", b"1", Expires=WHEN, Metadata={"k": "v"})
    old.tag("dated", "new")
    memory = s3.copy_objects(here, there, None, print)
    assert s3.compare_buckets(here, there, memory).equal
    old.tag("dated", "late")
    memory = s3.copy_objects(here, there, memory, print)
    assert new.tags("dated") == ["late"]
    assert s3.compare_buckets(here, there, memory).equal

    new.tag("dated", "newer")
    back = s3.copy_objects(there, here, s3.reverse_memory(memory), print)
    assert old.tags("dated") == ["newer"]
    assert s3.compare_buckets(there, here, back).equal
    unseen = {**back, "reports/2026.csv": f"\n{back['reports/2026.csv'].partition(chr(10))[2]}"}
    new.client.delete_object(Bucket=new.bucket, Key="reports/2026.csv")
    s3.copy_objects(there, here, unseen, print, used=True)
    assert old.content(
        "reports/2026.csv"
    )  # it was never seen in the other box, so no one has deleted it there
    s3.copy_objects(there, here, back, print, serves=True)
    assert old.content("reports/2026.csv"), "what serves keeps what the other box has lost"
    s3.copy_objects(there, here, back, print, used=True)
    assert s3.first_item(here) == "object 'dated'"


def test_what_is_written_late_arrives_whole(boxes: list[S3Binding], tmp_path: Path) -> None:
    """Tags, headers, and objects that are sent in parts; and nothing that users have written is taken for ours."""
    here, there = boxes
    old, new = (Box(binding) for binding in boxes)
    for key in ("both", "flag"):
        old.put(key, b"0")
    memory = s3.copy_objects(here, there, None, print)
    large = os.urandom(40 * 1024 * 1024)
    old.put("large", large, ContentType="application/x-model", Metadata={"k": "v"})
    old.tag("large", "late")
    old.put("tagged", b"1", Expires=WHEN)
    old.tag("tagged", "late")
    old.put("both", b"late")
    new.put("both", b"own")
    begun = str(tmp_path / "begun")
    said: list[str] = []
    memory = s3.copy_objects(here, there, memory, said.append, serves=True, used=True, begun=begun)
    assert said == [
        "copied 2 objects, removed 0",
        "changed in both boxes, and each box keeps its own: object 'both'",
    ]
    assert (new.content("large"), new.tags("large"), new.tags("tagged")) == (large, ["late"], ["late"])
    found = s3.compare_buckets(here, there, memory)
    assert found.equal
    assert found.undecided == ("object 'both'",)
    assert (
        s3.copy_objects(here, there, {}, print, serves=True, used=True, begun=begun).keys() == memory.keys()
    )
    again = s3.copy_objects(here, there, memory, said.append, serves=True, used=True)
    assert again == memory
    before = old.date("flag")
    while old.date("flag") == before:  # a server's dates are in seconds
        old.put("flag", b"0")
    again = s3.copy_objects(here, there, memory, print, serves=True, used=True)
    assert again["flag"] != memory["flag"]
    new.put("larger", large, ContentType="application/x-model")
    new.tag("larger", "late")
    s3.copy_objects(there, here, s3.reverse_memory(again), print, used=True)
    assert (old.content("larger"), old.tags("larger"), old.content("both")) == (large, ["late"], b"late")
