"""What is remembered of objects: a mark of each on both sides, which is another one when anything of it has changed."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
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


def with_begun(
    since: Memory,
    begun: Begun,
    at_source: Mapping[str, Object],
    at_target: Mapping[str, Object],
    same: Callable[[str], bool],
) -> Memory:
    """What is known, with objects that a copy which did not come to its end has written, and that are still so.

    same: whether an object has one content on both sides, to be asked where ETags do not say it.
    """

    def may_be(key: str, content: str) -> bool:
        """Whether the object may be the one that was about to be sent."""
        size, etag, labels = content.split(" ", 2)
        found = at_target[key]
        if (int(size), labels) != (found.size, found.labels):
            return False
        if MD5.fullmatch(etag) and MD5.fullmatch(found.etag):
            return etag == found.etag
        still = key in at_source and at_source[key].content == content
        return same(key) if still else True

    ours = {
        key: item
        for key, item in at_target.items()
        if item.mark in begun.made.get(key, ()) or any(may_be(key, c) for c in begun.open.get(key, ()))
    }
    return {**since, **{key: f"{source_mark(since, key)}\n{item.mark}" for key, item in ours.items()}}


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
