"""The corpus: an application's own questions, and how far answers may drift. A file that people write."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any, Literal, Self

from pydantic import Field, ValidationError, create_model, model_validator

from stackgen import checkout
from stackgen.catalog.shelf import Shelf
from stackgen.contracts import question_kinds
from stackgen.contracts.questions import Questions
from stackgen.errors import ExitCode, Problem, StackgenError, did_you_mean
from stackgen.spec.loading import short_path
from stackgen.spec.problems import list_problems
from stackgen.spec.stack import Name, SpecModel, Stack
from stackgen.spec.yaml_reader import MAX_DOCUMENT_BYTES, Positions, read_yaml

CORPUS_FILE = Path("golden") / "corpus.yaml"


class Corpus(SpecModel):
    """All questions, in named groups. A subclass has a field per kind of questions: see `corpus_model`."""

    api_version: Literal["stackgen/v1"] = Field(alias="apiVersion", description="Version of this format.")

    @model_validator(mode="after")
    def _something(self) -> Self:
        if not any(self.groups()):
            *keys, last = (f"`{key}`" for key in question_kinds())
            raise ValueError(f"it asks nothing: give it {', '.join(keys)} or {last}")
        return self

    def groups(self) -> Iterator[tuple[str, str, Questions]]:
        """(kind, name, group): kind is the key that the group stands under."""
        for kind in question_kinds():
            for name, group in getattr(self, kind).items():
                yield kind, name, group


@cache
def corpus_model() -> type[Corpus]:
    """The model of a corpus, with the questions of every contract that can be asked."""
    fields: dict[str, Any] = {
        key: (dict[Name, kind], Field(default_factory=dict, description=kind.about))
        for key, kind in question_kinds().items()
    }
    return create_model("Corpus", __base__=Corpus, **fields)


def questions_digest(group: Questions) -> str:
    """SHA-256 of a group's questions; tolerances are no part of it."""
    asked = group.model_dump(exclude=set(group.tolerances))
    return hashlib.sha256(json.dumps(asked, sort_keys=True).encode()).hexdigest()


def load_corpus(path: Path, stack: Stack, shelf: Shelf) -> Corpus:
    """Read and check a corpus against its stack; raises StackgenError with all problems."""
    try:
        data = checkout.read_file(path, within=path.parent.parent, most=MAX_DOCUMENT_BYTES)
    except OSError as error:
        message = f"{short_path(path)} can't be read: {error.strerror or error}"
        hint = "write the questions into it that your application asks; docs/golden.md shows how"
        raise StackgenError(Problem("no-corpus", message, hint=hint), ExitCode.NOT_FOUND) from None
    content, positions = read_yaml(data, short_path(path))
    try:
        corpus = corpus_model().model_validate(content)
    except ValidationError as error:
        raise StackgenError(
            list_problems(error, positions, subject="the corpus", model=corpus_model())
        ) from None
    problems = list(_dangling(corpus, positions, stack, shelf))
    if problems:
        raise StackgenError(problems)
    return corpus


def _dangling(corpus: Corpus, positions: Positions, stack: Stack, shelf: Shelf) -> Iterator[Problem]:
    """Components that don't exist, or are not asked by such a contract."""
    for kind, name, group in corpus.groups():
        for key, contract in group.asks.items():
            component, place = getattr(group, key), positions.at((kind, name, key))
            able = [
                other
                for other, item in stack.components.items()
                if item.capability in shelf.capabilities
                and contract in shelf.capability(item.capability).contracts
            ]
            if component not in able:
                known = component in stack.components
                message = (
                    f"'{component}' is not asked by {contract}"
                    if known
                    else f"there is no component '{component}'"
                )
                hint = did_you_mean(component, able)
                yield Problem("unknown-reference", message, place, hint, tuple(able))
