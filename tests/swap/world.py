"""Two boxes of a component and the journal of its swap, whose steps are taken without a deployment."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

from pydantic import BaseModel

from stackgen.contracts.mover import Mover
from stackgen.swap import start as starting
from stackgen.swap.data_move import DataMove
from stackgen.swap.journal import Journal, read_journal
from stackgen.swap.site import Site

BESIDE = {"box": 1, "beside": {"box": 2}}


class NoSettings(BaseModel):
    """Of an implementation that has none, not even a port."""


@dataclass
class World:
    """Two boxes of a component, and its journal on disk. mover: replaced where a copy is to be interrupted."""

    mover: Mover
    boxes: tuple[Any, Any]
    path: Path
    serving: int = 1

    def site(self) -> Site:
        return cast(
            Site,
            SimpleNamespace(
                name="stack",
                component="kept",
                environment=SimpleNamespace(name="dev", protected=False),
                progress=print,
                accepts_data=False,
                override={"box": self.serving, "beside": {"box": 3 - self.serving}},
                golden_recording=lambda: None,
                find_box=lambda _: SimpleNamespace(settings=NoSettings()),
                movers=lambda: iter([("wire", self.mover)]),
                binding=lambda _, box: self.boxes[box - 1],
                creation_times=lambda _: {},
            ),
        )

    def take(self, journal: Journal, *names: str) -> str:
        """Steps of a move, as `run_steps` takes them; the last one's result."""
        said = ""
        for name in names:
            journal.begin(name)
            if name == "switch":
                self.serving = journal.target
            else:
                steps = {step.name: step for step in DataMove(self.site(), journal).steps()}
                said = steps[name].take()
            journal.finish(name, said, 0)
        return said

    def swap(self) -> None:
        """A whole swap from box 1 to box 2."""
        journal = Journal(self.path, "swap", "kept", 1, 2, wanted=BESIDE)
        self.take(journal, "copy", "delta", "switch", "settle")
        journal.finished = True
        journal.save()

    def retire(self) -> str:
        """As far as the proof before anything is deleted; the command is begun anew each time."""
        journal = starting.start_retirement(self.site(), read_journal(self.path))
        return self.take(journal, "prove")

    def back(self) -> Journal:
        """The way back; each command begins with what is on disk."""
        journal = starting.start_rollback(self.site(), read_journal(self.path))
        journal.save()
        return journal

    def returned(self) -> None:
        """The whole way back to box 1."""
        journal = self.back()
        order = ("gather", "copy", "delta", "switch", "settle")
        self.take(journal, *(name for name in order if name not in journal.done))
