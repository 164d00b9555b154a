"""What moving data takes, and what proves that it arrived."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol, cast

from stackgen.errors import ExitCode, Problem, StackgenError

Memory = Mapping[str, str]  # item → digest of it, as the source had it when it was last looked at
Progress = Callable[[str], None]
MANY = 10  # items of a kind; of fewer, such as the rows of a queue, half may go at any time


@dataclass(frozen=True)
class Part:
    """One kind of item, such as a table: how many there are, and a checksum over all, on both sides.

    counts are items of the source, and how many of those the target holds alike; checksums are over the same.
    """

    name: str
    source: int
    target: int
    source_checksum: str
    target_checksum: str

    @property
    def equal(self) -> bool:
        """Whether nothing is missing and nothing differs."""
        return self.source == self.target and self.source_checksum == self.target_checksum


@dataclass(frozen=True)
class Comparison:
    """All parts. newer: items that the target has changed since it serves, so they need not be alike.

    alike: item → digest of all of it, for items that are the same on both sides; differing: names of those that should
    be and are not. alike is empty for a mover without `copy_late`.
    undecided: names of items that both sides have changed, where none is known to be later: the target keeps its own as
    long as nothing is deleted.
    """

    parts: tuple[Part, ...]
    newer: int = 0
    alike: Memory = field(default_factory=dict[str, str])
    differing: tuple[str, ...] = ()
    undecided: tuple[str, ...] = ()

    @property
    def equal(self) -> bool:
        """Whether everything the source holds is in the target."""
        return all(part.equal for part in self.parts)

    def sentence(self) -> str:
        """For people: what was compared, and what differs."""
        if self.equal:
            return ", ".join(f"{part.source} {part.name}" for part in self.parts) or "nothing is there"
        wrong = [part for part in self.parts if not part.equal]
        return "; ".join(
            f"{part.name}: {part.target} of {part.source}, checksum {part.target_checksum[:12]} "
            f"instead of {part.source_checksum[:12]}"
            for part in wrong
        )


class Compare(Protocol):
    """See `Mover`."""

    def __call__(
        self, source: Any, target: Any, since: Memory | None, settled: Memory | None = None, /
    ) -> Comparison: ...


class Copy(Protocol):
    """See `Mover`."""

    def __call__(
        self,
        source: Any,
        target: Any,
        since: Memory | None,
        progress: Progress,
        /,
        *,
        serves: bool = False,
        used: bool = False,
        begun: str | None = None,
    ) -> Memory: ...


@dataclass(frozen=True)
class Mover:
    """How data of one contract's boxes is moved.

    tool: with what. carries, leaves: what goes along and what can't, each a phrase.
    copy(source, target, since, progress, serves, used, begun): without `since`, make the target hold what the source
    holds and nothing else; with it (what an earlier copy returned), bring over what the source has changed since then.
    used: clients may write to the target, so what they have changed later is left alone. serves: the bindings lead to
    it, so nothing is deleted in it either: what the source no longer has may have been deleted there, or lost. Safe to
    repeat after any interruption. begun: path of the file in which a copy to a target in use notes what it writes, see
    `Begun`, so that another one takes nothing of that for a change by users; whoever calls it deletes the file once
    what it returned is kept.
    copy_late(source, target, settled, progress): bring over what a `copy` does not see, which looks less closely than
    `compare`, and leave alone what the target's users have changed. settled: what was last `alike`; None where nothing
    but a move writes to the target. There is none where `copy` sees all.
    compare(source, target, since, settled): proof; with `since`, for a target that serves already. settled: what an
    earlier proof called `alike`: what has not changed at the source since was in the target then, and a difference is
    newer.
    content(box): something that the box holds, such as a table's name; "" if it holds nothing.
    amounts(box): how many items of each kind it holds.
    reversed_memory: what was remembered, for the way back.
    freeze: from now on the source refuses writes; thaw: it takes them again. None where the wire has no such
    thing: then writes that reach the old box late are brought over after bindings are switched.
    """

    tool: str
    carries: tuple[str, ...]
    leaves: tuple[str, ...]
    copy: Copy
    compare: Compare
    content: Callable[[Any], str]
    amounts: Callable[[Any], dict[str, int]]
    copy_late: Callable[[Any, Any, Memory | None, Progress], None] | None = None
    reversed_memory: Callable[[Memory], Memory] = lambda memory: memory
    freeze: Callable[[Any], None] | None = None
    thaw: Callable[[Any], None] | None = None


def fewer(here: Mapping[str, int], there: Mapping[str, int]) -> str:
    """Kinds of which less than a half is left, in words; "" if there is none."""
    return ", ".join(
        f"{here.get(kind, 0)} of the {count} {kind}"
        for kind, count in there.items()
        if count >= MANY and here.get(kind, 0) * 2 < count
    )


def holds(more: Any, less: Any) -> bool:
    """Whether everything that `less` consists of is in `more`: entries of mappings, and items of lists."""
    if isinstance(more, dict) and isinstance(less, dict):
        whole, part = cast(dict[Any, Any], more), cast(dict[Any, Any], less)
        return all(key in whole and holds(whole[key], value) for key, value in part.items())
    if isinstance(more, list) and isinstance(less, list):
        items, wanted = (Counter(map(repr, cast(list[Any], side))) for side in (more, less))
        return not wanted - items
    return bool(more == less)


def stay(kinds: str, names: Sequence[str]) -> str:
    """What to say of items that the box that serves keeps, though the other one no longer has them."""
    return f"{len(names)} {kinds} stay in the box that serves; the other box no longer has them: {', '.join(names[:3])}"


def failed(message: str, hint: str | None = None) -> StackgenError:
    """What to raise when data can't be moved."""
    return StackgenError(Problem("move-failed", message, hint=hint), ExitCode.DEPLOYMENT)
