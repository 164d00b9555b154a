"""The corpus: an application's own questions, and how far answers may drift. A file that people write."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import Field, StringConstraints, ValidationError, model_validator

from stackgen import checkout
from stackgen.catalog.shelf import Shelf
from stackgen.errors import ExitCode, Problem, StackgenError, did_you_mean
from stackgen.spec.loading import shown
from stackgen.spec.problems import translate
from stackgen.spec.stack import Name, SpecModel, Stack
from stackgen.spec.yaml_reader import LARGEST, Positions, read

FILE = Path("golden") / "corpus.yaml"
Column = Annotated[str, StringConstraints(pattern=r"^[A-Za-z_][A-Za-z0-9_]{0,62}$")]
Text = Annotated[str, StringConstraints(min_length=1, max_length=20_000)]
Share = Annotated[float, Field(ge=0, le=1, strict=False)]
Drift = Annotated[float, Field(ge=0, strict=False, allow_inf_nan=False)]


class Search(SpecModel):
    """Nearest rows of a table, by the embedding of a text: what a retrieving application asks."""

    store: Name = Field(description="Component that keeps the table, by the pgvector contract.")
    model: Name = Field(description="Component that embeds the texts, by the openai-embeddings contract.")
    table: Column = Field(description="Name of the table.")
    db_schema: Column = Field(default="public", alias="schema", description="Schema of the table.")
    embedding: Column = Field(default="embedding", description="Column with the embedding.")
    ids: list[Column] = Field(min_length=1, max_length=8, description="Columns that tell rows apart.")
    top: int = Field(default=5, ge=1, le=100, description="How many rows are asked for.")
    texts: list[Text] = Field(min_length=1, max_length=1000, description="What is searched for.")
    overlap: Share = Field(default=1.0, description="Least mean share of the rows that must be found again.")
    drift: Drift = Field(
        default=0.01, description="Largest change of a row's cosine similarity, of rows found again."
    )


class ToolCalls(SpecModel):
    """Calls that a chat model makes of offered tools, at temperature 0."""

    model: Name = Field(description="Component that answers, by the openai-chat contract.")
    system: Text | None = Field(default=None, description="System message before every prompt.")
    tools: list[dict[str, Any]] = Field(
        min_length=1, max_length=64, description="Tools as the OpenAI API takes them."
    )
    choice: Literal["auto", "required"] = Field(default="auto", description="`tool_choice` of the request.")
    prompts: list[Text] = Field(min_length=1, max_length=1000, description="What the user says.")
    names: Share = Field(default=1.0, description="Least share of prompts with the same functions called.")
    arguments: Share = Field(default=1.0, description="Least share of prompts with equal arguments too.")


class Predictions(SpecModel):
    """Predictions of a model, by Open Inference requests as the application sends them."""

    model: Name = Field(description="Component that predicts, by the open-inference contract.")
    requests: list[dict[str, Any]] = Field(
        min_length=1, max_length=1000, description="Request bodies, each with its `inputs`."
    )
    agreement: Share = Field(default=1.0, description="Least share of requests with the same prediction.")
    drift: Drift = Field(
        default=0.0, description="By how much a predicted number may differ and be the same."
    )


Group = Search | ToolCalls | Predictions


class Corpus(SpecModel):
    """All questions, in named groups."""

    api_version: Literal["stackgen/v1"] = Field(alias="apiVersion", description="Version of this format.")
    searches: dict[Name, Search] = Field(default_factory=dict[str, Search], description="Nearest rows.")
    tool_calls: dict[Name, ToolCalls] = Field(
        default_factory=dict[str, ToolCalls], description="Calls of tools."
    )
    predictions: dict[Name, Predictions] = Field(
        default_factory=dict[str, Predictions], description="Predictions of models."
    )

    @model_validator(mode="after")
    def _something(self) -> Self:
        if not any(self.groups()):
            raise ValueError("it asks nothing: give it `searches`, `tool_calls` or `predictions`")
        return self

    def groups(self) -> Iterator[tuple[str, str, Group]]:
        """(kind, name, group): kind is the key that the group stands under."""
        for kind in ("searches", "tool_calls", "predictions"):
            for name, group in getattr(self, kind).items():
                yield kind, name, group


def digest(group: Group) -> str:
    """SHA-256 of a group's questions; tolerances are no part of it."""
    asked = group.model_dump(exclude={"overlap", "drift", "names", "arguments", "agreement"})
    return hashlib.sha256(json.dumps(asked, sort_keys=True).encode()).hexdigest()


def components(group: Group) -> dict[str, str]:
    """Key that names a component → contract by which it is asked."""
    if isinstance(group, Search):
        return {"store": "pgvector", "model": "openai-embeddings"}
    return {"model": "openai-chat" if isinstance(group, ToolCalls) else "open-inference"}


def load(path: Path, stack: Stack, shelf: Shelf) -> Corpus:
    """Read and check a corpus against its stack; raises StackgenError with all problems found."""
    try:
        data = checkout.read(path, within=path.parent.parent, most=LARGEST)
    except OSError as error:
        message = f"{shown(path)} can't be read: {error.strerror or error}"
        hint = "write the questions into it that your application asks; docs/golden.md shows how"
        raise StackgenError(Problem("no-corpus", message, hint=hint), ExitCode.NOT_FOUND) from None
    content, positions = read(data, shown(path))
    try:
        corpus = Corpus.model_validate(content)
    except ValidationError as error:
        raise StackgenError(translate(error, positions, subject="the corpus", model=Corpus)) from None
    problems = list(_dangling(corpus, positions, stack, shelf))
    if problems:
        raise StackgenError(problems)
    return corpus


def _dangling(corpus: Corpus, positions: Positions, stack: Stack, shelf: Shelf) -> Iterator[Problem]:
    """Components that don't exist, or are not asked by such a contract."""
    for kind, name, group in corpus.groups():
        for key, contract in components(group).items():
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
