"""What is remembered of objects: a mark of each on both sides, which is another one when anything of it has changed."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from stackgen.moving.model import Memory, noted_so

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
        """The same on both sides for objects of the same content; of others mostly another one."""
        return f"{self.size} {self.etag if MD5.fullmatch(self.etag) else ''}"

    @property
    def mark(self) -> str:
        """Another one when anything of the object has changed."""
        return f"{self.etag} {self.labels}"


def with_begun(since: Memory, begun: Memory | None, at_target: Mapping[str, Object]) -> Memory:
    """What is known, with objects that a copy which did not come to its end has written."""
    ours = {k: item for k, item in at_target.items() if noted_so(begun, k, item.content)}
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
