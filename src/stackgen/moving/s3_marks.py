"""What is remembered of objects: a mark of each on both sides, which is another one when anything of it has changed."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from stackgen.moving.begun import Begun
from stackgen.moving.model import Memory

MD5 = re.compile(r"[0-9a-f]{32}")


@dataclass(frozen=True)
class Object:
    """What a server says of one object. labels: digest of the headers and tags that go along with it."""

    key: str
    size: int
    etag: str
    labels: str

    @property
    def content(self) -> str:
        """What can be told of the object before it is at another server: size, ETag, headers and tags."""
        return f"{self.size} {self.mark}"

    @property
    def mark(self) -> str:
        """Another one when anything of the object has changed."""
        return f"{self.etag} {self.labels}"


def with_begun(since: Memory, begun: Begun, at_target: Mapping[str, Object]) -> Memory:
    """What is known, with objects that a copy which did not come to its end has written, and that are still so."""
    ours = {
        key: item
        for key, item in at_target.items()
        if item.mark in begun.made.get(key, ())
        or any(_may_be(item, content) for content in begun.open.get(key, ()))
    }
    return {**since, **{key: f"{source_mark(since, key)}\n{item.mark}" for key, item in ours.items()}}


def _may_be(item: Object, content: str) -> bool:
    """Whether an object may be the one that was about to be sent. ETags of two servers differ unless both are MD5."""
    size, etag, labels = content.split(" ", 2)
    same = etag == item.etag or not (MD5.fullmatch(etag) and MD5.fullmatch(item.etag))
    return same and (int(size), labels) == (item.size, item.labels)


def turned(memory: Memory) -> Memory:
    """The same for the other direction."""
    return {key: f"{target_mark(memory, key)}\n{source_mark(memory, key)}" for key in memory}


def source_mark(since: Memory, key: str) -> str:
    return since.get(key, "").partition("\n")[0]


def target_mark(since: Memory, key: str) -> str:
    return since.get(key, "").partition("\n")[2]


def is_as(remembered: str, item: Object) -> bool:
    """Whether the object is as it was; a former version remembered its ETag alone."""
    return remembered in (item.mark, item.etag)


def is_newer(key: str, at_target: Mapping[str, Object], since: Memory) -> bool:
    """Whether the target's own users have written or deleted the object."""
    found = at_target.get(key)
    return (key in since and found is None) or (
        found is not None and not is_as(target_mark(since, key), found)
    )
