"""Collects every problem of a plan, each with its place in the spec, so that all are reported at once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cached_property
from pathlib import Path as FilePath
from typing import TYPE_CHECKING

from pydantic import BaseModel, ValidationError

from stackgen.catalog.shelf import Shelf
from stackgen.errors import MAX_PROBLEMS, Problem, StackgenError, more_problems

if TYPE_CHECKING:
    from stackgen.spec.loading import LoadedStack

SpecPath = tuple[str | int, ...]


class Findings:
    """Problems so far in one environment of a spec.

    deployed: for commands that only read or stop what is there, which a new rule must not prevent.
    """

    def __init__(
        self, loaded: LoadedStack, shelf: Shelf, environment: str, *, deployed: bool = False
    ) -> None:
        self.loaded = loaded
        self.shelf = shelf
        self.environment = environment
        self.deployed = deployed
        self.problems: list[Problem] = []
        self.notes: list[str] = []
        self.warnings: list[str] = []
        self._folders: dict[str, tuple[FilePath | None, bool]] = {}

    def folder(self, value: str) -> tuple[FilePath | None, bool]:
        """The folder that a path beside the spec leads to in the end, None if to none; whether it is the repository's.

        Many components may name the same one.
        """
        if value not in self._folders:
            try:
                folder = (self.loaded.path.parent / value).resolve()
                inside = folder.is_relative_to(self.project) and not FilePath(value).is_absolute()
                self._folders[value] = (folder, inside) if folder.is_dir() else (None, False)
            except (OSError, ValueError, RuntimeError):  # too long, not text, links in a circle
                self._folders[value] = None, False
        return self._folders[value]

    @cached_property
    def project(self) -> FilePath:
        """The repository that the spec's folder is in, else that folder."""
        place = self.loaded.path.parent.resolve()
        marks = (".git", "stackgen.toml")
        marked = (f for f in (place, *place.parents) if any((f / mark).exists() for mark in marks))
        return next(marked, place)

    def note(self, sentence: str) -> None:
        """Something the reader of the program should know."""
        self.notes.append(sentence)

    def warn(self, sentence: str) -> None:
        """Something that is not wrong yet."""
        self.warnings.append(sentence)

    def add(
        self,
        code: str,
        message: str,
        path: SpecPath,
        *,
        hint: str | None = None,
        allowed: Sequence[str] = (),
        next: str | None = None,
    ) -> None:
        """Note one problem at `path` of the spec; when there are many, raise StackgenError with them."""
        position = self.loaded.positions.at(path) if self.loaded.positions is not None else None
        self.problems.append(Problem(code, message, position, hint, tuple(allowed), next))
        self._raise_if_many()

    def add_validation(
        self,
        error: ValidationError,
        place: Callable[[SpecPath], SpecPath],
        subject: str,
        model: type[BaseModel],
    ) -> None:
        """Note everything that a Pydantic model refused; `place` maps its locations into the spec."""
        from stackgen.spec.problems import list_problems

        positions = self.loaded.positions
        self.problems += list_problems(error, positions, place=place, subject=subject, model=model)
        self._raise_if_many()

    def _raise_if_many(self) -> None:
        if len(self.problems) >= MAX_PROBLEMS:
            self.problems.append(more_problems(None))
            self.raise_if_any()

    def raise_if_any(self) -> None:
        """Raise StackgenError with all problems, in order of their place in the file."""
        if self.problems:
            last = (1 << 62, 0)
            key = [(p.position.line, p.position.column) if p.position else last for p in self.problems]
            ordered = [p for _, p in sorted(zip(key, self.problems, strict=True), key=lambda pair: pair[0])]
            raise StackgenError(dict.fromkeys(ordered))
