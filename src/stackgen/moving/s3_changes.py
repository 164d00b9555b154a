"""What a copy of a bucket has to send and to remove, and what both boxes have changed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from stackgen.moving.model import Memory
from stackgen.moving.s3_marks import Object, is_as, is_newer, source_mark, target_mark, undecided

CLOCKS = 5  # seconds that the clocks of two servers may be apart


@dataclass(frozen=True)
class Changes:
    """Keys of objects to send and to remove. kept: those to leave alone, with what to remember of each."""

    wanted: tuple[str, ...]
    gone: tuple[str, ...]
    kept: Mapping[str, str]


def every_change(
    at_source: Mapping[str, Object], at_target: Mapping[str, Object], alike: Callable[[str], bool]
) -> Changes:
    """Where the target is to hold what the source holds, and nothing else.

    alike: whether an object has one content on both sides.
    """
    wanted = tuple(key for key in at_source if not alike(key))
    return Changes(wanted, tuple(key for key in at_target if key not in at_source), {})


def changes_since(
    at_source: Mapping[str, Object],
    at_target: Mapping[str, Object],
    since: Memory,
    alike: Callable[[str], bool],
    *,
    used: bool,
) -> Changes:
    """What the source has changed since. used: what the target's users have changed is left alone."""
    changed = [key for key, item in at_source.items() if not is_as(source_mark(since, key), item)]
    twice = [key for key in changed if used and is_newer(key, at_target, since)]
    wanted = [key for key in changed if key not in set(twice)]
    seen = [key for key in since if key not in at_source and source_mark(since, key)]
    gone = [key for key in seen if key in at_target and not is_newer(key, at_target, since)]
    kept = {key: _kept(at_source[key], at_target.get(key), since, alike) for key in twice}
    return Changes(tuple(wanted), tuple(gone), kept)


def _kept(item: Object, other: Object | None, since: Memory, alike: Callable[[str], bool]) -> str:
    """What to remember of an object that both have changed: where the target's is the later one, it is settled."""
    if other is None:
        return undecided(since, item)
    if alike(item.key):
        return f"{item.mark}\n{other.mark}"
    if _is_later(other, item, since):
        return f"{item.mark}\n{target_mark(since, item.key)}"
    return undecided(since, item)


def _is_later(other: Object, item: Object, since: Memory) -> bool:
    """By the servers' clocks, which know no dates of tags and headers alone."""
    content_is_new = source_mark(since, item.key).partition(" ")[0] != item.etag
    return content_is_new and other.modified > item.modified + CLOCKS
