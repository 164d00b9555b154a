"""A move between the old and the new component: its actions, and the steps that it takes."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from stackgen.swap.journal import Journal
from stackgen.swap.overrides import remove_second_box
from stackgen.swap.site import Site


@dataclass(frozen=True)
class MoveStep:
    """name: as the journal has it. does: for people. take: does it, and says what came of it."""

    name: str
    does: str
    take: Callable[[], str]


class Move(ABC):
    """One journal's move. Each action looks at what is there, so it can be taken again after a crash."""

    def __init__(self, site: Site, journal: Journal) -> None:
        self.site = site
        self.journal = journal

    @abstractmethod
    def steps(self) -> list[MoveStep]:
        """All steps in order."""

    @abstractmethod
    def thaw(self) -> str:
        """Let the serving component take writes again."""

    @abstractmethod
    def describe(self) -> Iterator[str]:
        """Describe the data that is moved and what can't be, for people."""

    @property
    def switched(self) -> bool:
        """True if the spec says that the target serves."""
        return self.site.override.get("box", 1) == self.journal.target

    @property
    def has_recording(self) -> bool:
        """True if the environment has a recording of golden questions."""
        return self.site.golden_recording() is not None

    def add_target(self) -> str:
        """Write the second box into the spec."""
        if self.site.override != self.journal.wanted:
            self.site.write(self.journal.wanted)
        return f"environments.{self.site.environment.name}.components.{self.site.component}"

    def deploy(self) -> str:
        """Make what runs equal to the spec."""
        return self.site.deploy()

    def measure_target(self) -> str:
        """Measure every clause of the target; raises StackgenError(clause-broken)."""
        report = self.site.measure(self.journal.target)
        return ", ".join(f"{count} {status}" for status, count in report.counts().items())

    def replay(self) -> str:
        """Ask the golden questions through the new bindings; raises StackgenError(behaviour-drifted)."""
        return self.site.replay()

    def remove_from_spec(self) -> str:
        """Take the second box out of the spec."""
        if "beside" in self.site.override:
            self.site.write(remove_second_box(self.site.override))
        return f"environments.{self.site.environment.name}.components.{self.site.component}"
