"""Whatever is done to two boxes of objects, and wherever a command is killed, the last write is served or named."""

from __future__ import annotations

import random
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest
from botocore.client import BaseClient
from botocore.exceptions import ClientError

from stackgen.errors import StackgenError
from stackgen.swap import start as starting
from stackgen.swap.journal import Journal, read_journal
from tests.swap.buckets import Bucket, Buckets, buckets, quietly

__all__ = ["buckets", "quietly"]
pytestmark = [pytest.mark.sweep, pytest.mark.usefixtures("quietly")]
KEYS = ("checkpoint", "both", "large", "another")
BACK = ("gather", "copy", "delta", "switch", "settle")
REQUESTS = ("PutObject", "DeleteObject", "PutObjectTagging", "HeadObject", "GetObject")
State = tuple[str, list[str]] | None  # content and tags of an object; None: there is none


class _Killed(BaseException):
    pass


@contextmanager
def _killed_at(request: float) -> Iterator[None]:
    """A copy is killed before its request of a number, or after it where a half is added."""
    count, ask = 0, BaseClient._make_api_call  # pyright: ignore[reportPrivateUsage]

    def asked(client: Any, name: str, given: Any) -> Any:
        nonlocal count
        if name not in REQUESTS or not _by_a_mover():
            return ask(client, name, given)
        count += 1
        if count == request:
            raise _Killed
        answer = ask(client, name, given)
        if count + 0.5 == request:
            raise _Killed
        return answer

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(BaseClient, "_make_api_call", asked)
        yield


def _by_a_mover() -> bool:
    return any("/stackgen/contracts/" in frame.f_code.co_filename for frame, _ in traceback.walk_stack(None))


@dataclass
class Life:
    """last: key → side of whoever changed it last, and what it was then. one_sided: keys → the only side that has
    changed them since both had the same. met: keys that users of both boxes have given the same content, or that users
    of the box that does not serve have deleted: what becomes of these is not foretold. done: what was done.
    """

    both: Buckets
    chance: random.Random
    last: dict[str, tuple[int, State]] = field(default_factory=dict[str, tuple[int, State]])
    one_sided: dict[str, int] = field(default_factory=dict[str, int])
    met: set[str] = field(default_factory=set[str])
    done: list[object] = field(default_factory=list[object])

    def box(self, side: int) -> Bucket:
        return (self.both.old, self.both.new)[side - 1]

    @property
    def serving(self) -> int:
        return self.both.world.serving

    def state(self, side: int, key: str) -> State:
        box = self.box(side)
        try:
            return box.get(key), box.tags(key)
        except ClientError:
            return None

    def change(self) -> None:
        """One thing that users of a box do."""
        key, side = self.chance.choice(KEYS), self.chance.choice((1, 2))
        alike = self.state(1, key) == self.state(2, key)
        self.both.clock.goes_on(self.chance.choice((1, 2, 7)))
        value = self.chance.choice(("0", *3 * (f"{side}.{len(self.done)}",)))
        what = self.chance.choice(("put", "put", "put in parts", "tag", "delete"))
        before = self.state(side, key)
        if what.startswith("put") and before == (value, []):
            return
        if what.startswith("put"):
            self.box(side).put(value, key) if what == "put" else self.box(side).put_in_parts(value, key)
        elif before is not None:
            self.box(side).tag(key, value) if what == "tag" else self.box(side).delete(key)
        else:
            return
        self.done.append((side, what, key, value))
        if self.state(1, key) == self.state(2, key) or (what == "delete" and side != self.serving):
            self.met.add(key)
        if alike and key not in self.met:
            self.one_sided[key] = side
        elif self.one_sided.get(key) != side or key in self.met:
            self.one_sided.pop(key, None)
        self.last[key] = side, self.state(side, key)

    def some(self) -> None:
        for _ in range(self.chance.choice((0, 1, 1, 2, 3, 5))):
            self.change()

    def take(self, journal: Journal, step: str, killed: float | None) -> bool:
        """Whether the step came to its end."""
        self.done.append((journal.kind, step, killed))
        if killed is None:
            self.both.world.take(journal, step)
            return True
        try:
            with _killed_at(killed):
                self.both.world.take(journal, step)
        except _Killed:
            return False
        return True

    def stop(self) -> float | None:
        at = self.chance.randint(1, 25)
        return self.chance.choice((None, None, at, at + 0.5))

    def retire(self, killed: float | None) -> None:
        world = self.both.world
        journal = starting.start_retirement(world.site(), read_journal(world.path))
        try:
            if not self.take(journal, "prove", killed):
                return
        except StackgenError as error:
            self.settle(f"{error} {error.problems[0].hint}")
            self.retire(None)
            return
        self.check()
        for key, (side, state) in self.last.items():  # what was deleted in the other box alone stays
            if side != self.serving and state is not None:
                assert self.state(self.serving, key) == state, (key, self.done)

    def settle(self, said: str) -> None:
        """Users let the box that serves alone have what was named."""
        named = [key for key in KEYS if f"object '{key}'" in said]
        assert named, (said, self.done)
        assert not {*named} & self.one_sided.keys(), (said, self.done)
        for key in named:
            self.box(3 - self.serving).delete(key)
            self.one_sided[key] = self.serving
            self.last[key] = self.serving, self.state(self.serving, key)

    def back(self) -> None:
        world = self.both.world
        while not self.way(world.back):
            self.some()

    def way(self, begun: Callable[[], Journal]) -> bool:
        """Whether the way back came to its end."""
        journal = begun()
        for step in [name for name in BACK if name not in journal.done]:
            if not self.take(journal, step, self.stop() if step != "switch" else None):
                return False
            if step != "settle":
                self.some()
        journal.finished = True
        journal.save()
        self.check()
        return True

    def check(self) -> None:
        for key, side in self.one_sided.items():
            state = self.last[key][1]
            if state is not None or side == self.serving:
                assert self.state(self.serving, key) == state, (key, self.done)


def live(both: Buckets, seed: int) -> None:
    life = Life(both, random.Random(seed))  # noqa: S311
    returned = False
    for _ in range(life.chance.randint(2, 5)):
        life.some()
        if returned or life.chance.random() < 0.6:
            life.retire(life.stop())
        else:
            life.back()
            returned = True
    life.retire(None)


@pytest.mark.parametrize("seed", range(6))
def test_the_last_write_is_served_or_named(buckets: Buckets, seed: int) -> None:
    live(buckets, seed)


@pytest.mark.nightly
@pytest.mark.parametrize("seed", range(100, 250))
def test_the_last_write_is_served_or_named_in_many_lives(buckets: Buckets, seed: int) -> None:
    live(buckets, seed)
