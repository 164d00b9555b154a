"""Golden questions of a contract: requests of an application, and the change that is accepted in their answers.

A contract that can be asked has a `questions.py` with `QUESTIONS`, a subclass of `Questions`.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar

from pydantic import Field, StringConstraints

from stackgen.spec.stack import SpecModel

Answer = Mapping[str, Any]
Pairs = Sequence[tuple[Answer, Answer]]  # answers as recorded, and as of now
Column = Annotated[str, StringConstraints(pattern=r"^[A-Za-z_][A-Za-z0-9_]{0,62}$")]
Text = Annotated[str, StringConstraints(min_length=1, max_length=20_000)]
Share = Annotated[float, Field(ge=0, le=1, strict=False)]
Drift = Annotated[float, Field(ge=0, strict=False, allow_inf_nan=False)]
SHOWN = 80  # characters of an answer in a sentence


class NoAnswer(Exception):
    """Raised if a question has no answer, so that nothing can be compared. The message is a sentence."""


@dataclass(frozen=True)
class Finding:
    """One measure over one group of questions.

    value: the measured value. most: True if `tolerance` is the largest accepted value, False if it is the smallest.
    cases: number of questions. changed: a sentence for each case that differs.
    """

    group: str
    measure: str
    value: float
    tolerance: float
    most: bool
    cases: int
    changed: tuple[str, ...]

    @property
    def within(self) -> bool:
        """True if the measured value is accepted."""
        slack = 1e-9
        if self.most:
            return self.value <= self.tolerance + slack
        return self.value >= self.tolerance - slack


class Questions(SpecModel):
    """A named group of questions in a corpus.

    key: key of such groups in the corpus. about: a title for people. asks: field that names a component → contract by
    which the component is asked. tolerances: fields that are no part of the questions.
    """

    key: ClassVar[str]
    about: ClassVar[str]
    asks: ClassVar[Mapping[str, str]]
    tolerances: ClassVar[frozenset[str]]

    @abstractmethod
    def answers(self, bindings: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
        """Yield an answer per question. bindings: field of `asks` → binding. Raises NoAnswer, and errors of clients."""

    @abstractmethod
    def findings(self, group: str, pairs: Pairs) -> Iterator[Finding]:
        """Measure how far current answers are from recorded ones. group: name of this group in findings."""


def equal_share(
    group: str, measure: str, least: float, pairs: Pairs, take: Callable[[Answer], Any], title: str
) -> Finding:
    """Return the share of pairs in which `take` gives the same value. title: key of the question in an answer."""
    changed = tuple(
        f"'{old[title]}': {brief(take(old))} was, {brief(take(new))} is"
        for old, new in pairs
        if take(old) != take(new)
    )
    return Finding(group, measure, 1 - len(changed) / len(pairs), least, False, len(pairs), changed)


def brief(value: Any) -> str:
    """The beginning of a value, for a sentence."""
    text = str(value)
    return text if len(text) <= SHOWN else f"{text[: SHOWN - 1]}…"
