"""Whatever is written to two boxes of objects, and wherever a command is stopped, the last write is served."""

from __future__ import annotations

import random
from collections import defaultdict
from dataclasses import dataclass, field

import pytest

from stackgen.errors import StackgenError
from stackgen.swapping import starting
from stackgen.swapping.journal import Journal, read
from tests.swapping.test_late_writers import Bucket, Buckets, buckets, interrupted, quietly, stopped_at

__all__ = ["buckets", "quietly"]
pytestmark = [pytest.mark.unit, pytest.mark.usefixtures("quietly")]
KEYS = ("checkpoint", "both")
BACK = ("gather", "copy", "delta", "switch", "settle")
STOPS = ("whole", "early", "sent")


@dataclass
class Life:
    """last: key → box → what its users wrote there last. clear: keys that the boxes had alike before the last write."""

    both: Buckets
    chance: random.Random
    last: dict[str, dict[int, str]] = field(default_factory=lambda: defaultdict(dict))
    latest: dict[str, str] = field(default_factory=dict[str, str])
    clear: set[str] = field(default_factory=set[str])
    number: int = 0

    def write(self) -> None:
        key, side = self.chance.choice(KEYS), self.chance.choice((1, 2))
        alike = self.both.old.get(key) == self.both.new.get(key)
        self.clear = self.clear | {key} if alike else self.clear - {key}
        self.number += 1
        box, value = (self.both.old, self.both.new)[side - 1], f"{side}{self.number * '.'}"
        box.put(value, key) if self.chance.random() < 0.5 else box.put_in_parts(value, key)
        self.last[key][side], self.latest[key] = value, value

    def some(self) -> None:
        for _ in range(self.chance.choice((0, 1, 1, 2, 3, 5))):
            self.write()

    def retire(self, stop: str | None) -> None:
        world = self.both.world
        journal = starting.retire(world.site(), read(world.path))
        if stop is None:
            self.prove(journal)
        else:
            with stopped_at(stop), pytest.raises(KeyboardInterrupt):
                interrupted(world).take(journal, "prove")

    def prove(self, journal: Journal) -> None:
        """What both boxes have changed is named: then its users let both hold what was written last."""
        world = self.both.world
        try:
            world.take(journal, "prove")
        except StackgenError as error:
            named = [key for key in KEYS if f"object '{key}'" in str(error)]
            assert named and not {*named} & self.clear
            for key in named:
                self.both.old.put(self.latest[key], key)
                self.both.new.put(self.latest[key], key)
            self.retire(None)
        else:
            self.check()
            for key, written in self.latest.items():
                assert self.serving.get(key) == written, "the other box goes, with what was written last"

    def back(self, stop: str | None) -> bool:
        """Whether the way back came to its end."""
        world = self.both.world
        journal = world.back()
        left = [name for name in BACK if name not in journal.done]
        at = self.chance.choice([name for name in left if name != "switch"])
        for name in left:
            if stop is not None and name == at:
                with stopped_at(stop), pytest.raises(KeyboardInterrupt):
                    interrupted(world).take(journal, name)
                return False
            world.take(journal, name)
            if name != "settle":
                self.some()
        journal.finished = True
        journal.save()
        self.check()
        return True

    def check(self) -> None:
        for key, written in self.last.items():
            assert self.serving.get(key) in written.values(), "what is older than each side's last write"
            if key in self.clear:
                assert self.serving.get(key) == self.latest[key]

    @property
    def serving(self) -> Bucket:
        return (self.both.old, self.both.new)[self.both.world.serving - 1]


def live(both: Buckets, seed: int) -> None:
    life = Life(both, random.Random(seed))  # noqa: S311
    returned = False
    for _ in range(life.chance.randint(2, 5)):
        life.some()
        stop = life.chance.choice((None, *STOPS))
        if returned or life.chance.random() < 0.6:
            life.retire(stop)
        else:
            while not life.back(stop):
                life.some()
                stop = life.chance.choice((None, *STOPS))
            returned = True
    life.retire(None)


@pytest.mark.parametrize("seed", range(6))
def test_the_last_write_is_served(buckets: Buckets, seed: int) -> None:
    live(buckets, seed)


@pytest.mark.nightly
@pytest.mark.parametrize("seed", range(100, 250))
def test_the_last_write_is_served_in_many_lives(buckets: Buckets, seed: int) -> None:
    live(buckets, seed)
