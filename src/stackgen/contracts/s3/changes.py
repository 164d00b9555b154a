"""Objects that a copy of a bucket sends and removes, conflicting changes, and the memory of a copy."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field

from stackgen.contracts.mover import Memory
from stackgen.contracts.s3.marks import (
    MD5,
    Object,
    entry_of_undecided,
    is_newer,
    is_unchanged,
    is_written_since,
    source_mark,
    target_mark,
)

CLOCKS = 5  # seconds that the clocks of two servers may be apart


@dataclass(frozen=True)
class BucketChanges:
    """Keys of objects to send and to remove.

    kept: objects that both boxes have changed, which are not copied, each with the entry to remember. later: those of
    them that the target has changed later. stays: objects that the source no longer has, and that the target's users
    have changed.
    """

    wanted: tuple[str, ...]
    gone: tuple[str, ...]
    kept: Mapping[str, str] = field(default_factory=dict[str, str])
    later: tuple[str, ...] = ()
    stays: tuple[str, ...] = ()


@dataclass(frozen=True)
class Buckets:
    """Key → object, on both sides. alike: key → True if the content is the same on both, which may ask the servers."""

    source: Mapping[str, Object]
    target: Mapping[str, Object]
    alike: Callable[[str], bool]


def every_change(both: Buckets) -> BucketChanges:
    """Return the changes that make the target hold what the source holds, and nothing else."""
    wanted = tuple(key for key in both.source if not both.alike(key))
    return BucketChanges(wanted, _surplus(both))


def changes_since(both: Buckets, since: Memory, *, used: bool) -> BucketChanges:
    """Return the changes of the source since then. used: keep what the target's users have changed.

    If the target has no users, everything in it is from earlier copies, which may have been interrupted.
    """
    changed = [key for key, item in both.source.items() if not is_unchanged(source_mark(since, key), item)]
    if not used:
        others = (key for key in both.source if is_newer(key, both.target, since))
        return BucketChanges(tuple(dict.fromkeys((*changed, *others))), _surplus(both))
    twice = {key for key in changed if is_newer(key, both.target, since)}
    wanted = tuple(key for key in changed if key not in twice)
    seen = [key for key in since if key not in both.source and source_mark(since, key)]
    there = [key for key in seen if key in both.target]
    stays = tuple(key for key in there if is_newer(key, both.target, since))
    gone = tuple(key for key in there if not is_newer(key, both.target, since))
    alike = {key for key in twice if both.alike(key)}
    later = {key for key in twice - alike if _is_later(key, both, since)}
    kept = {key: entry_of_undecided(since, both.source[key]) for key in twice}
    kept |= {key: f"{both.source[key].mark}\n{target_mark(since, key)}" for key in later}
    kept |= {key: f"{both.source[key].mark}\n{both.target[key].mark}" for key in alike}
    return BucketChanges(wanted, gone, kept, tuple(later), stays)


def memory_of(
    both: Buckets,
    since: Memory,
    kept: Mapping[str, str],
    sent: Mapping[str, str | None],
    removed: Collection[str],
) -> Memory:
    """Return the memory of a copy. sent: key → entry to remember; None if the source no longer has the object."""
    memory: dict[str, str] = {}
    for key, item in both.source.items():
        if key in kept:
            memory[key] = kept[key]
        elif (entry := sent.get(key) if key in sent else since.get(key)) is not None:
            memory[key] = entry
        elif key not in sent:
            memory[key] = f"{item.mark}\n{both.target[key].mark}"
    for key in since.keys() & both.target.keys() - memory.keys() - {*removed}:
        memory[key] = f"\n{target_mark(since, key)}"  # it may come back at the source
    return memory


def _surplus(both: Buckets) -> tuple[str, ...]:
    return tuple(key for key in both.target if key not in both.source)


def _is_later(key: str, both: Buckets, since: Memory) -> bool:
    """Return True if the target's users have written an object later, by the servers' clocks.

    Servers keep no date of a change of tags alone. The date of an object in parts (no MD5 sum) is that of its begin.
    """
    item, other = both.source[key], both.target.get(key)
    return (
        other is not None
        and item.labels == other.labels
        and MD5.fullmatch(item.etag) is not None
        and is_written_since(source_mark(since, key), item)
        and is_written_since(target_mark(since, key), other)
        and other.date > item.date + CLOCKS
    )
