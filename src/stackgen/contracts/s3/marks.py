"""What is remembered of objects: a mark of each on both sides, which is another one when anything of it has changed.

An entry has three lines: the mark at the source, "" where it is gone; the mark at the target; and, where both boxes
have changed the object and none is known to be later, the mark that the source has now.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from stackgen.contracts.copy_notes import Begun
from stackgen.contracts.mover import Memory

MD5 = re.compile(r"[0-9a-f]{32}")
NOT_KNOWN = "?"  # what the source had when it was sent


@dataclass(frozen=True)
class Object:
    """What a server says of one object.

    labels: digest of the headers and tags that go along with it. date: of its content, by the server's clock, in
    seconds since 1970; 0 where the server does not say. Tags alone leave it as it is.
    """

    key: str
    size: int
    etag: str
    labels: str
    date: int = 0

    @property
    def mark(self) -> str:
        """Another one when anything of the object has changed, or the same content was written again."""
        return f"{self.etag} {self.labels} {self.date}"


def with_begun(
    since: Memory, begun: Begun, at_target: Mapping[str, Object], sha256: Callable[[str], str]
) -> Memory:
    """What is known, with what a copy that did not come to its end has written.

    begun: what was to be remembered of objects, and labels and SHA-256 of those that were about to be written. sha256:
    of an object at the target.
    """

    def is_sent(item: Object) -> bool:
        contents = {text for text in begun.open.get(item.key, ()) if text.startswith(f"{item.labels} ")}
        return bool(contents) and f"{item.labels} {sha256(item.key)}" in contents

    made = {
        key: entry for key, entry in begun.made.items() if "\n" in entry
    }  # a former version noted another thing
    known = {**since, **made}
    sent = {key: item for key, item in at_target.items() if is_sent(item)}
    return {
        **known,
        **{key: f"{source_mark(known, key) or NOT_KNOWN}\n{item.mark}" for key, item in sent.items()},
    }


def reversed_memory(memory: Memory) -> Memory:
    """The same for the other direction. Of what is gone at the source nothing is known: it is brought back."""
    return {
        key: f"{target_mark(memory, key)}\n{source_mark(memory, key)}"
        for key in memory
        if source_mark(memory, key)
    }


def undecided(since: Memory, item: Object) -> str:
    """What to remember of an object that both boxes have changed: how it was, and what the source has made of it."""
    return f"{source_mark(since, item.key)}\n{target_mark(since, item.key)}\n{item.mark}"


def is_undecided(since: Memory, key: str) -> bool:
    """Whether both boxes have changed the object, and none of them is known to be later."""
    return since.get(key, "").count("\n") > 1


def source_mark(since: Memory, key: str) -> str:
    return since.get(key, "").partition("\n")[0]


def target_mark(since: Memory, key: str) -> str:
    return since.get(key, "").partition("\n")[2].partition("\n")[0]


def is_as(remembered: str, item: Object) -> bool:
    """Whether the object is as it was; former versions remembered no date, or the ETag alone."""
    return remembered in (item.mark, f"{item.etag} {item.labels}", item.etag)


def is_written_since(remembered: str, item: Object) -> bool:
    """Whether its content was written since, be it the same; no where a date is not known."""
    date = remembered.split(" ")[2:]
    return item.date > 0 and (not remembered or (bool(date) and date[0] != str(item.date)))


def is_newer(key: str, at_target: Mapping[str, Object], since: Memory) -> bool:
    """Whether the target's own users have written or deleted the object."""
    found = at_target.get(key)
    return (key in since and found is None) or (
        found is not None and not is_as(target_mark(since, key), found)
    )
