"""Asks a corpus of what is deployed, by the contracts' own clients, in a process of its own."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from pydantic import ValidationError

from stackgen.contracts import Binding, contract
from stackgen.contracts.questions import NoAnswer, Questions
from stackgen.contracts.surroundings import (
    clean_environment,
    refuse_missing_certificates,
    use_clean_environment,
)
from stackgen.errors import ExitCode, Problem, StackgenError
from stackgen.golden.corpus import Corpus, corpus_model, questions_digest
from stackgen.golden.recording import Answers
from stackgen.subprocesses import pulse
from stackgen.subprocesses.calling import TaskDescription, call_isolated
from stackgen.subprocesses.memory import causes

Bindings = Mapping[str, Mapping[str, Mapping[str, Any]]]
WORDS = TaskDescription("golden-unanswered", "asks them", "asking", "ask again")


def ask_questions(corpus: Corpus, bindings: Bindings, progress: Callable[[str], None]) -> dict[str, Answers]:
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
    return call_isolated(
        answer_corpus, given, WORDS, "the golden questions", clean_environment(os.environ, ())
    )


def answer_corpus(
    corpus: dict[str, Any], bindings: Bindings, progress: Callable[[str], None]
) -> dict[str, Answers]:
    """The same in this process. corpus: as it is written."""
    found: dict[str, Answers] = {}
    problems: list[Problem] = []
    for kind, name, group in corpus_model().model_validate(corpus).groups():
        progress(f"asking {kind}.{name}")
        try:
            found[f"{kind}.{name}"] = Answers(kind, questions_digest(group), list(_answers(group, bindings)))
        except _Unbound as error:
            problems.append(Problem("not-deployed", f"{kind}.{name}: {error}"))
        except NoAnswer as error:
            hint = "fill the table first, or ask for something else"
            problems.append(Problem("golden-empty", f"{kind}.{name}: {error}", hint=hint))
        except Exception as error:  # whatever a client's library raises for a component that doesn't answer
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


def _answers(group: Questions, bindings: Bindings) -> Iterator[dict[str, Any]]:
    bound: dict[str, Any] = {
        key: _binding(bindings, getattr(group, key), name) for key, name in group.asks.items()
    }
    with use_clean_environment(bound.values()):
        for answer in group.answers(bound):
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
