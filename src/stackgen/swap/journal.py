"""Journal of a swap on disk, so that the swap can continue after any interruption."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

from stackgen.contracts.mover import Memory
from stackgen.errors import ExitCode, Problem, StackgenError
from stackgen.homes import data_home

JOURNAL_VERSION = 1
NOTES_SUFFIX = ".begun"  # at the end of names of files in which a copy notes what it writes
Kind = Literal["swap", "return", "abandon", "retire"]


@dataclass
class Journal:
    """One move from a source to a target: two boxes of a component.

    kind: swap to a new box; return to the old one after bindings were switched; abandon the new one before that;
    retire the box that serves no longer (`source`). source, target: box numbers; data goes from one to the other.
    wanted: the environment's part of the spec with both boxes. done: step → its result. frozen: the source
    refuses writes. memory: contract → what was copied. settled: contract → what was equal when it was compared last.
    proof: contract → what was equal at the switch.
    made: box → URN of a resource with data → when it was made, as it was at the switch.
    given_port: of the old box, instead of its own, since it is being retired.
    closed: contract → what our last copy made of a closed target, [] while that goes on.
    collections: tables whose embeddings are made anew, each with its `store`. reason: why a way back began by itself,
    "" if a person asked for it. warnings: what is to be shown at the end, sentences. former: the finished move
    that this one follows, which holds again as long as this one has deleted nothing.
    """

    path: Path
    kind: Kind
    component: str
    source: int
    target: int
    started: str = field(default_factory=lambda: datetime.now(UTC).isoformat(timespec="seconds"))
    done: dict[str, dict[str, Any]] = field(default_factory=dict[str, dict[str, Any]])
    running: str | None = None
    finished: bool = False
    frozen: bool = False
    wanted: dict[str, Any] = field(default_factory=dict[str, Any])
    collections: list[dict[str, str]] = field(default_factory=list[dict[str, str]])
    proof: dict[str, list[list[str]]] = field(default_factory=dict[str, list[list[str]]])
    memory: dict[str, Memory] = field(default_factory=dict[str, Memory])
    settled: dict[str, Memory] = field(default_factory=dict[str, Memory])
    reason: str = ""
    warnings: list[str] = field(default_factory=list[str])
    given_port: int | None = None
    closed: dict[str, list[list[str]]] = field(default_factory=dict[str, list[list[str]]])
    made: dict[str, dict[str, str]] = field(default_factory=dict[str, dict[str, str]])
    former: dict[str, Any] = field(default_factory=dict[str, Any])

    @property
    def untouched(self) -> bool:
        """True if a move after a finished one has deleted nothing: it only checked, or closed the old component."""
        before = {"prove", "unchanged", "close", "settle"}
        return bool(self.former) and not set(self.done) - before and self.running in (None, *before)

    @property
    def closed_already(self) -> bool:
        """True if a retirement has given the old component another port, or was about to."""
        return "close" in self.done or self.running == "close"

    def content(self) -> dict[str, Any]:
        """Everything but where it is, and what was before it."""
        return {k: v for k, v in asdict(self).items() if k not in ("path", "former")}

    def begin(self, step: str) -> None:
        """Note that a step is about to be taken."""
        self.running = step
        self.save()

    def finish(self, step: str, detail: str, seconds: float) -> None:
        """Note that it has been taken."""
        self.done[step] = {"detail": detail, "seconds": round(seconds, 1)}
        self.running = None
        self.save()

    def repeat(self, *steps: str) -> None:
        """Steps that must be taken again."""
        for step in steps:
            self.done.pop(step, None)
        self.running = None
        self.save()

    def save(self) -> None:
        """Replace the file as a whole."""
        content = {"version": JOURNAL_VERSION, **self.content(), "former": self.former}
        new = self.path.with_suffix(".new")
        with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as stream:
            json.dump(content, stream)
            stream.flush()
            os.fsync(stream.fileno())
        new.replace(self.path)

    def notes_path(self, contract: str, *, serves: bool) -> Path:
        """File in which a running copy notes what it writes. serves: whether the target serves."""
        way = "late" if serves else "back"
        return self.path.with_name(f"{self.path.stem}.{contract}.{way}{NOTES_SUFFIX}")

    def delete_notes(self) -> None:
        """Delete what copies have noted."""
        for path in self.path.parent.glob(f"{self.path.stem}.*{NOTES_SUFFIX}"):
            path.unlink(missing_ok=True)

    def remove(self) -> None:
        """Forget the move: nothing of it is left."""
        self.delete_notes()
        self.path.unlink(missing_ok=True)


def read_journal(path: Path) -> Journal | None:
    """The journal in a file; None if there is none. Raises StackgenError(journal-unreadable)."""
    try:
        content = json.loads(path.read_text())
        if content.pop("version") != JOURNAL_VERSION:
            raise ValueError("another version")
        return Journal(path, **content)
    except FileNotFoundError:
        return None
    except (ValueError, TypeError, AttributeError) as error:
        message = f"{path} can't be read ({error}); the state of the swap is not known"
        hint = "look at the old and the new component, finish by hand, then delete it"
        raise StackgenError(Problem("journal-unreadable", message, hint=hint)) from error


def standing_move(journal: Journal | None) -> Journal | None:
    """The journal, or the finished one before it where nothing is deleted since; what was copied since is known."""
    if journal is None or not journal.untouched:
        return journal
    before = Journal(journal.path, **journal.former)
    if journal.kind == "retire":
        before.memory, before.settled = journal.memory, journal.settled
    return before


def journal_path(stack: str, environment: str, component: str) -> Path:
    """Path of the journal of a component's swap."""
    return data_home() / "swaps" / stack / environment / f"{component}.json"


def standing_moves(stack: str, environment: str) -> Iterator[Journal]:
    """The move that stands, of each component of an environment. Raises StackgenError(journal-unreadable)."""
    for path in sorted(journal_path(stack, environment, "any").parent.glob("*.json")):
        found = standing_move(read_journal(path))
        if found is not None:
            yield found


def remove_journals(stack: str, environment: str) -> None:
    """Remove all journals of an environment: its components are deleted with their data."""
    folder = journal_path(stack, environment, "any").parent
    for path in (*folder.glob("*.json"), *folder.glob(f"*{NOTES_SUFFIX}")):
        path.unlink(missing_ok=True)


@contextmanager
def lock_journals(stack: str, environment: str) -> Iterator[None]:
    """Lock all swaps of an environment; raises StackgenError(swap-running)."""
    with ExitStack() as held:
        for path in sorted(journal_path(stack, environment, "any").parent.glob("*.json")):
            held.enter_context(lock_journal(path))
        yield


@contextmanager
def lock_journal(path: Path) -> Iterator[None]:
    """Lock one swap for this process; raises StackgenError(swap-running)."""
    from filelock import FileLock, Timeout

    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    lock = FileLock(path.with_suffix(".lock"), timeout=0, mode=0o600)
    try:
        lock.acquire()
    except Timeout:
        message = f"another process is already swapping '{path.stem}'"
        raise StackgenError(Problem("swap-running", message), ExitCode.DEPLOYMENT) from None
    try:
        yield
    finally:
        lock.release()
