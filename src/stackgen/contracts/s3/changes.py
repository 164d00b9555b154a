"""What a copy of a bucket has to send and to remove, what both boxes have changed, and what is remembered of it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field

from stackgen.contracts.mover import Memory
from stackgen.contracts.s3.marks import (
    MD5,
    Object,
    is_as,
    is_newer,
    is_written_since,
    source_mark,
    target_mark,
    undecided,
)

CLOCKS = 5  # seconds that the clocks of two servers may be apart


@dataclass(frozen=True)
class Changes:
    """Keys of objects to send and to remove.

    kept: those that both boxes have changed, which are left alone, with what to remember of each. later: those of them
    that the target has changed later. stays: those that the source no longer has, and the target's users have changed.
    """

    wanted: tuple[str, ...]
    gone: tuple[str, ...]
    kept: Mapping[str, str] = field(default_factory=dict[str, str])
    later: tuple[str, ...] = ()
    stays: tuple[str, ...] = ()


@dataclass(frozen=True)
class Buckets:
    """Key → object, on both sides. alike: whether an object has one content on both, to be asked of the servers."""

    source: Mapping[str, Object]
    target: Mapping[str, Object]
    alike: Callable[[str], bool]


def every_change(both: Buckets) -> Changes:
    """Where the target is to hold what the source holds, and nothing else."""
    wanted = tuple(key for key in both.source if not both.alike(key))
    return Changes(wanted, _surplus(both))


def changes_since(both: Buckets, since: Memory, *, used: bool) -> Changes:
    """What the source has changed since. used: what the target's users have changed is left alone.

    Where it has none, what is there is of earlier copies, which may have been interrupted.
    """
    changed = [key for key, item in both.source.items() if not is_as(source_mark(since, key), item)]
    if not used:
        others = (key for key in both.source if is_newer(key, both.target, since))
        return Changes(tuple(dict.fromkeys((*changed, *others))), _surplus(both))
    twice = {key for key in changed if is_newer(key, both.target, since)}
    wanted = tuple(key for key in changed if key not in twice)
    seen = [key for key in since if key not in both.source and source_mark(since, key)]
    there = [key for key in seen if key in both.target]
    stays = tuple(key for key in there if is_newer(key, both.target, since))
    gone = tuple(key for key in there if not is_newer(key, both.target, since))
    alike = {key for key in twice if both.alike(key)}
    later = {key for key in twice - alike if _is_later(key, both, since)}
    kept = {key: undecided(since, both.source[key]) for key in twice}
    kept |= {key: f"{both.source[key].mark}\n{target_mark(since, key)}" for key in later}
    kept |= {key: f"{both.source[key].mark}\n{both.target[key].mark}" for key in alike}
    return Changes(wanted, gone, kept, tuple(later), stays)


def memory_of(
    both: Buckets,
    since: Memory,
    kept: Mapping[str, str],
    sent: Mapping[str, str | None],
    removed: Collection[str],
) -> Memory:
    """What is remembered after a copy. sent: key → what to remember of it, None where it is gone at the source."""
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
    """Whether the target's users have written an object later, by the servers' clocks.

    These have no dates of tags alone, and an object in parts (no MD5 sum) has that of its begin.
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
