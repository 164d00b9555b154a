"""Asks a corpus of what is deployed, by the contracts' own clients, in a process of its own."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from pydantic import ValidationError

from stackgen.apart import pulse
from stackgen.apart.calling import Words, call
from stackgen.apart.memory import causes
from stackgen.contracts import Binding, contract
from stackgen.contracts.open_inference.contract import request
from stackgen.contracts.openai_chat.contract import ask as complete
from stackgen.contracts.openai_embeddings.contract import embed
from stackgen.contracts.pgvector.contract import connect
from stackgen.contracts.surroundings import clean, cleaned, refuse_missing_certificates
from stackgen.errors import ExitCode, Problem, StackgenError
from stackgen.golden.corpus import Corpus, Group, Predictions, Search, ToolCalls, components, digest
from stackgen.golden.recording import Answers

Bindings = Mapping[str, Mapping[str, Mapping[str, Any]]]
LONGEST_ANSWER = 512  # tokens of a tool call
ROUNDED = 6  # decimals of a similarity
WORDS = Words("golden-unanswered", "asks them", "asking", "ask again")


def ask(corpus: Corpus, bindings: Bindings, progress: Callable[[str], None]) -> dict[str, Answers]:
    """Group → answers. bindings: component → contract → binding as exported.

    Raises StackgenError with a problem for every group that could not be asked. Answers may be of any length, so
    another process reads them.
    """
    refuse_missing_certificates(os.environ)
    given = {
        "corpus": corpus.model_dump(mode="json", by_alias=True),
        "bindings": bindings,
        "progress": progress,
    }
    return call(asked, given, WORDS, "the golden questions", cleaned(os.environ, ()))


def asked(corpus: dict[str, Any], bindings: Bindings, progress: Callable[[str], None]) -> dict[str, Answers]:
    """The same in this process. corpus: as it is written."""
    found: dict[str, Answers] = {}
    problems: list[Problem] = []
    for kind, name, group in Corpus.model_validate(corpus).groups():
        progress(f"asking {kind}.{name}")
        try:
            found[f"{kind}.{name}"] = Answers(kind, digest(group), list(_answers(group, bindings)))
        except _Unbound as error:
            problems.append(Problem("not-deployed", f"{kind}.{name}: {error}"))
        except _Empty as error:
            hint = "fill the table first, or ask for something else"
            problems.append(Problem("golden-empty", f"{kind}.{name}: {error}", hint=hint))
        except Exception as error:  # whatever a client's library says of a box that doesn't answer
            if any(isinstance(cause, MemoryError) for cause in causes(error)):
                raise
            sentence = " ".join(str(error).split())[:300]
            message = f"{kind}.{name} is not answered: {type(error).__name__}: {sentence}"
            problems.append(Problem("golden-unanswered", message))
    if problems:
        raise StackgenError(problems, ExitCode.VERIFICATION_FAILED)
    return found


class _Unbound(Exception):
    """A component has no binding of the contract by which it is asked."""


class _Empty(Exception):
    """A search finds nothing, so nothing would be compared."""


def _answers(group: Group, bindings: Bindings) -> Iterator[dict[str, Any]]:
    bound: dict[str, Any] = {
        key: _binding(bindings, getattr(group, key), name) for key, name in components(group).items()
    }
    with clean(bound.values()):
        if isinstance(group, Search):
            answers = _searched(group, bound["store"], bound["model"])
        elif isinstance(group, ToolCalls):
            answers = _called(group, bound["model"])
        else:
            answers = _predicted(group, bound["model"])
        for answer in answers:
            yield answer
            pulse.beat()


def _binding(bindings: Bindings, component: str, name: str) -> Binding:
    values = bindings.get(component, {}).get(name)
    if values is None:
        raise _Unbound(f"'{component}' has no {name} binding here")
    try:
        return contract(name).binding.model_validate(values)
    except ValidationError as error:
        missing = ", ".join(str(item["loc"][0]) for item in error.errors())
        raise _Unbound(f"the {name} binding of '{component}' lacks {missing}") from None


def _searched(group: Search, store: Any, model: Any) -> Iterator[dict[str, Any]]:
    """Cosine similarity 1 is the same direction; rows at equal distance come in the order of their ids."""
    from psycopg.sql import SQL, Identifier

    columns = SQL(", ").join(SQL("{}::text").format(Identifier(name)) for name in group.ids)
    query = SQL(
        "select {columns}, 1 - ({embedding} <=> %(vector)s::vector) from {table} "
        "order by {embedding} <=> %(vector)s::vector limit %(top)s"
    ).format(
        columns=columns, embedding=Identifier(group.embedding), table=Identifier(group.db_schema, group.table)
    )
    with connect(store) as connection:
        for text in group.texts:
            (vector,) = embed(model, [text])
            rows = connection.execute(query, {"vector": str(vector), "top": group.top}).fetchall()
            if not rows:
                raise _Empty(f"{group.db_schema}.{group.table} has no row, so nothing would be compared")
            rows = sorted(rows, key=lambda row: (-row[-1], row[:-1]))
            yield {
                "text": text,
                "ids": [list(row[:-1]) for row in rows],
                "similarities": [round(float(row[-1]), ROUNDED) for row in rows],
            }


def _called(group: ToolCalls, model: Any) -> Iterator[dict[str, Any]]:
    before = [{"role": "system", "content": group.system}] if group.system else []
    for prompt in group.prompts:
        answer = complete(
            model,
            [*before, {"role": "user", "content": prompt}],
            tools=group.tools,
            tool_choice=group.choice,
            temperature=0,
            seed=1,
            max_tokens=LONGEST_ANSWER,
        )
        calls = answer.choices[0].message.tool_calls or []
        called = [
            {"name": call.function.name, "arguments": _arguments(call.function.arguments)} for call in calls
        ]
        yield {"prompt": prompt, "calls": called}


def _arguments(text: str) -> Any:
    """What a call's arguments mean; as written, if they are no JSON."""
    try:
        return json.loads(text)
    except ValueError:
        return text


def _predicted(group: Predictions, model: Any) -> Iterator[dict[str, Any]]:
    for body in group.requests:
        answer = request(model, "POST", f"models/{model.model}/infer", json=body)
        answer.raise_for_status()
        outputs = [{"name": item["name"], "data": item["data"]} for item in answer.json()["outputs"]]
        yield {"outputs": outputs}
