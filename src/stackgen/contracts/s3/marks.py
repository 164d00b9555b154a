"""Entries of a copy's memory: a mark of each object on both sides, which changes with any change of the object.

An entry has three lines: the mark at the source, "" if the source no longer has the object; the mark at the target;
and, if both boxes have changed the object and no change is known to be later, the current mark at the source.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from stackgen.contracts.copy_notes import Begun
from stackgen.contracts.mover import Memory

MD5 = re.compile(r"[0-9a-f]{32}")
NOT_KNOWN = "?"  # mark of an object whose state at the source is not known


@dataclass(frozen=True)
class Object:
    """One object, as its server describes it.

    labels: digest of the headers and tags that are copied with it. date: time at which its content was written, by the
    server's clock, in seconds since 1970; 0 if the server does not say. A change of tags alone does not change it.
    """

    key: str
    size: int
    etag: str
    labels: str
    date: int = 0

    @property
    def mark(self) -> str:
        """A text that changes with any change of the object, and also if the same content is written again."""
        return f"{self.etag} {self.labels} {self.date}"


def add_unfinished_copy(
    since: Memory, begun: Begun, at_target: Mapping[str, Object], sha256: Callable[[str], str]
) -> Memory:
    """Add to a memory what an unfinished copy has written.

    begun: entries of objects that were written, and labels and SHA-256 of objects that were about to be written.
    sha256: key → SHA-256 of an object at the target.
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


def reverse_memory(memory: Memory) -> Memory:
    """Return the memory for a copy in the opposite direction. An object that the source lacks is copied again."""
    return {
        key: f"{target_mark(memory, key)}\n{source_mark(memory, key)}"
        for key in memory
        if source_mark(memory, key)
    }


def entry_of_undecided(since: Memory, item: Object) -> str:
    """Return the entry of an object that both boxes have changed: its former marks, and the current source mark."""
    return f"{source_mark(since, item.key)}\n{target_mark(since, item.key)}\n{item.mark}"


def is_undecided(since: Memory, key: str) -> bool:
    """Return True if both boxes have changed the object, and no change is known to be later."""
    return since.get(key, "").count("\n") > 1


def source_mark(since: Memory, key: str) -> str:
    return since.get(key, "").partition("\n")[0]


def target_mark(since: Memory, key: str) -> str:
    return since.get(key, "").partition("\n")[2].partition("\n")[0]


def is_unchanged(remembered: str, item: Object) -> bool:
    """Return True if the object is as remembered. Former versions remembered no date, or the ETag alone."""
    return remembered in (item.mark, f"{item.etag} {item.labels}", item.etag)


def is_written_since(remembered: str, item: Object) -> bool:
    """Return True if the content was written since, even with the same content; False if a date is not known."""
    date = remembered.split(" ")[2:]
    return item.date > 0 and (not remembered or (bool(date) and date[0] != str(item.date)))


def is_newer(key: str, at_target: Mapping[str, Object], since: Memory) -> bool:
    """Return True if the target's own users have written or deleted the object."""
    found = at_target.get(key)
    return (key in since and found is None) or (
        found is not None and not is_unchanged(target_mark(since, key), found)
    )
