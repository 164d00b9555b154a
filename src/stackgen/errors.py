"""The one error type: everything that reaches a person has a code, a place, and a next step."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import Any

MAX_PROBLEMS = 100  # problems reported at once
MAX_ALLOWED_SHOWN = 40  # allowed values shown
MAX_WORD_LENGTH = 80  # characters of a word that may have been mistyped


class ExitCode(IntEnum):
    """Process exit codes: Pulumi's published taxonomy plus two of our own (10, 11)."""

    OK = 0
    GENERIC = 1
    INVALID = 2
    AUTHENTICATION = 3
    DEPLOYMENT = 4
    POLICY = 5
    NOT_FOUND = 6
    UNEXPECTED_CHANGES = 7
    CANCELLED = 8
    TIMEOUT = 9
    VERIFICATION_FAILED = 10
    PROMOTION_REFUSED = 11
    INTERNAL = 255


@dataclass(frozen=True, slots=True)
class Position:
    """A place in a file; line and column count from 1; `text` is that line as written."""

    file: str
    line: int
    column: int
    text: str = ""

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong.

    code: stable kebab-case identifier. message: what is wrong, naming the subject.
    hint: how to mend it. allowed: values that would have been accepted. next: the next command.
    """

    code: str
    message: str
    position: Position | None = None
    hint: str | None = None
    allowed: tuple[str, ...] = ()
    next: str | None = None

    def render(self) -> str:
        """The text a person reads on stderr."""
        lines = [f"error[{self.code}]: {_indented(self.message)}"]
        if self.position is not None:
            lines.append(f"  {self.position}")
            if self.position.text:
                lines.append(f"    {self.position.text}")
                if self.position.column <= len(self.position.text) + 1:
                    lines.append("    " + " " * (self.position.column - 1) + "^")
        if self.hint:
            lines.append(f"  hint: {_indented(self.hint)}")
        if self.allowed:
            more = (
                f", and {len(self.allowed) - MAX_ALLOWED_SHOWN} more"
                if len(self.allowed) > MAX_ALLOWED_SHOWN
                else ""
            )
            lines.append(f"  allowed: {_indented(', '.join(self.allowed[:MAX_ALLOWED_SHOWN]))}{more}")
        if self.next:
            lines.append(f"  next: {_indented(self.next)}")
        return "\n".join(lines)

    def as_json(self) -> dict[str, Any]:
        """The same, for the JSON envelope; of many allowed values the first."""
        where = self.position
        return {
            "code": self.code,
            "message": self.message,
            "location": None
            if where is None
            else {"file": where.file, "line": where.line, "column": where.column},
            "hint": self.hint,
            "allowed": list(self.allowed[:MAX_PROBLEMS]),
            "next": self.next,
        }


class StackgenError(Exception):
    """One or more problems, reported together, and the exit code they lead to."""

    def __init__(self, problems: Problem | Iterable[Problem], exit_code: ExitCode = ExitCode.INVALID) -> None:
        self.problems: tuple[Problem, ...] = (problems,) if isinstance(problems, Problem) else tuple(problems)
        self.exit_code = exit_code
        super().__init__("\n".join(problem.message for problem in self.problems))

    def render(self) -> str:
        """All problems, one after the other."""
        return "\n".join(problem.render() for problem in self.problems)


def _indented(text: str) -> str:
    """Nothing that a message quotes can look like another message: only these begin at the margin."""
    return "\n    ".join(text.splitlines()) if text else text


def more_problems(count: int | None) -> Problem:
    """Sentence after the first problems of many."""
    return Problem("more", f"there are {'' if count is None else f'{count} '}more problems; mend these first")


def did_you_mean(word: str, known: Sequence[str]) -> str | None:
    """A hint sentence naming the closest known word, or None if nothing is close."""
    import difflib

    if len(word) > MAX_WORD_LENGTH:
        return None
    if len(known) > MAX_PROBLEMS:  # comparing takes its time: only with those that begin alike
        known = [other for other in known if other[:2] == word[:2]][:MAX_PROBLEMS]
    close = difflib.get_close_matches(
        word, [other for other in known if len(other) <= MAX_WORD_LENGTH], n=1, cutoff=0.6
    )
    return f"did you mean '{close[0]}'?" if close else None
