"""Types for moving data between components, and for the proof that it arrived."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol, cast

from stackgen.errors import ExitCode, Problem, StackgenError

Memory = Mapping[str, str]  # item → digest of the item at the source, when it was last read
Progress = Callable[[str], None]
MANY = 10  # items of a kind; of a smaller number, such as rows of a queue, half may go at any time


@dataclass(frozen=True)
class Part:
    """One kind of item, such as a table, with its counts and checksums on both sides.

    source: number of items at the source. target: number of those items that the target holds with the same content.
    The checksums are over the same items.
    """

    name: str
    source: int
    target: int
    source_checksum: str
    target_checksum: str

    @property
    def equal(self) -> bool:
        """True if no item is missing and no item differs."""
        return self.source == self.target and self.source_checksum == self.target_checksum


@dataclass(frozen=True)
class Comparison:
    """Result of comparing source and target: all parts.

    newer: number of items that the target has changed since it serves, so they need not be equal. alike: item → digest
    of its whole content, for items that are equal on both sides; empty for a mover without `copy_late`.
    differing: names of items that should be equal and are not. undecided: names of items that both sides have changed,
    if no change is known to be later: the target keeps its own change as long as nothing is deleted.
    """

    parts: tuple[Part, ...]
    newer: int = 0
    alike: Memory = field(default_factory=dict[str, str])
    differing: tuple[str, ...] = ()
    undecided: tuple[str, ...] = ()

    @property
    def equal(self) -> bool:
        """True if the target holds everything that the source holds."""
        return all(part.equal for part in self.parts)

    def sentence(self) -> str:
        """Describe for people what was compared, and what differs."""
        if self.equal:
            return ", ".join(f"{part.source} {part.name}" for part in self.parts) or "nothing is there"
        wrong = [part for part in self.parts if not part.equal]
        return "; ".join(
            f"{part.name}: {part.target} of {part.source}, checksum {part.target_checksum[:12]} "
            f"instead of {part.source_checksum[:12]}"
            for part in wrong
        )


class Compare(Protocol):
    """Function that compares source and target; see `Mover`."""

    def __call__(
        self, source: Any, target: Any, since: Memory | None, settled: Memory | None = None, /
    ) -> Comparison: ...


class Copy(Protocol):
    """Function that copies from source to target; see `Mover`."""

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
    """Functions that move the data of components of one contract.

    tool: name of the tool that moves it. carries, leaves: phrases that name what is moved and what can't be moved.
    copy(source, target, since, progress, serves, used, begun): without `since`, make the target hold what the source
    holds and nothing else. With `since`, the result of an earlier copy, copy what the source has changed since then.
    used: clients may write to the target, so later changes of theirs are kept. serves: the bindings lead to the target,
    so nothing is deleted in it either: an item that the source lacks may have been deleted or lost there. A copy can be
    repeated after any interruption. begun: path of the file in which a copy to a target in use notes what it writes
    (see `Begun`), so that the next copy does not take that for a change by users. The caller deletes the file once it
    has stored the result of the copy.
    copy_late(source, target, settled, progress): copy what `copy` does not notice, since it reads less than `compare`,
    and keep what the target's users have changed. settled: the last `alike`; None if only a move writes to the
    target. The function is None if `copy` notices everything.
    compare(source, target, since, settled): prove that the data arrived; with `since`, for a target that serves
    already. settled: `alike` of an earlier comparison: an item that has not changed at the source since then was in
    the target then, so a difference is newer.
    first_item(box): name of one item that the component holds, such as a table; "" if it holds nothing.
    amounts(box): number of items of each kind that the component holds.
    reverse_memory: converts the memory of a copy for a copy in the opposite direction.
    freeze: makes the source refuse writes; thaw: makes it take writes again. None if the contract has no such
    function: then late writes to the old component are copied after bindings are switched.
    """

    tool: str
    carries: tuple[str, ...]
    leaves: tuple[str, ...]
    copy: Copy
    compare: Compare
    first_item: Callable[[Any], str]
    amounts: Callable[[Any], dict[str, int]]
    copy_late: Callable[[Any, Any, Memory | None, Progress], None] | None = None
    reverse_memory: Callable[[Memory], Memory] = lambda memory: memory
    freeze: Callable[[Any], None] | None = None
    thaw: Callable[[Any], None] | None = None


def describe_large_losses(here: Mapping[str, int], there: Mapping[str, int]) -> str:
    """Name the kinds of which less than half is left, in words; "" if there is none."""
    return ", ".join(
        f"{here.get(kind, 0)} of the {count} {kind}"
        for kind, count in there.items()
        if count >= MANY and here.get(kind, 0) * 2 < count
    )


def contains(more: Any, less: Any) -> bool:
    """Return True if `more` contains all of `less`: entries of mappings, and items of lists."""
    if isinstance(more, dict) and isinstance(less, dict):
        whole, part = cast(dict[Any, Any], more), cast(dict[Any, Any], less)
        return all(key in whole and contains(whole[key], value) for key, value in part.items())
    if isinstance(more, list) and isinstance(less, list):
        items, wanted = (Counter(map(repr, cast(list[Any], side))) for side in (more, less))
        return not wanted - items
    return bool(more == less)


def describe_items_that_stay(kinds: str, names: Sequence[str]) -> str:
    """Describe items that the serving box keeps, though the other box no longer has them."""
    return f"{len(names)} {kinds} stay in the box that serves; the other box no longer has them: {', '.join(names[:3])}"


def move_error(message: str, hint: str | None = None) -> StackgenError:
    """Return the error to raise when data can't be moved."""
    return StackgenError(Problem("move-failed", message, hint=hint), ExitCode.DEPLOYMENT)
