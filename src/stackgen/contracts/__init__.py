"""Open wire contracts: a binding, clauses, a probe per clause, and a mover if components of the contract hold data.

One folder per contract, which has a `contract.py` with `CONTRACT`; `profiles.py` with `FULL` and other sets of clauses,
`mover.py` with `MOVER` and `questions.py` with `QUESTIONS` are optional.
"""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

from stackgen.contracts.model import Binding, Clause, ClauseBroken, Contract, require

if TYPE_CHECKING:
    from collections.abc import Mapping

    from stackgen.contracts.mover import Mover
    from stackgen.contracts.questions import Questions

__all__ = [
    "Binding",
    "Clause",
    "ClauseBroken",
    "Contract",
    "contract",
    "contract_names",
    "find_mover",
    "profiles_of",
    "question_kinds",
    "require",
]
_HERE = Path(__file__).parent


@cache
def contract(name: str) -> Contract:
    """The contract of that name; raises KeyError if there is none."""
    if name not in contract_names():
        raise KeyError(name)
    return import_module(f"{_package(name)}.contract").CONTRACT


@cache
def contract_names() -> tuple[str, ...]:
    """Names of all contracts, sorted."""
    return tuple(sorted(path.parent.name.replace("_", "-") for path in _HERE.glob("*/contract.py")))


def find_mover(name: str, component: str | None = None) -> Mover | None:
    """The mover of a contract; None where components of the contract hold no data.

    A separate process does the work, in a clean environment: variables of the user's shell do not reach the
    clients, and no server uses up the memory or the time of this process. component: name for messages.
    """
    if not (_HERE / name.replace("-", "_") / "mover.py").is_file():
        return None
    from stackgen.contracts.isolation import isolate

    found: Mover = import_module(f"{_package(name)}.mover").MOVER
    return replace(
        found,
        copy=isolate(found.copy, component),
        copy_late=isolate(found.copy_late, component) if found.copy_late is not None else None,
        compare=isolate(found.compare, component),
        first_item=isolate(found.first_item, component),
        amounts=isolate(found.amounts, component),
        freeze=isolate(found.freeze, component) if found.freeze is not None else None,
        thaw=isolate(found.thaw, component) if found.thaw is not None else None,
    )


@cache
def profiles_of(name: str) -> Mapping[str, tuple[str, ...]]:
    """Profile → clauses of the contract that implementations with it keep; empty for a contract without profiles.py."""
    if not (_HERE / name.replace("-", "_") / "profiles.py").is_file():
        return {}
    profiles = vars(import_module(f"{_package(name)}.profiles"))
    return {key: value for key, value in profiles.items() if key.isupper()}


@cache
def question_kinds() -> Mapping[str, type[Questions]]:
    """Key of a corpus → class of the questions under this key, for every contract that has questions; sorted by key."""
    found: list[type[Questions]] = [
        import_module(f"{_package(path.parent.name)}.questions").QUESTIONS
        for path in _HERE.glob("*/questions.py")
    ]
    return {kind.key: kind for kind in sorted(found, key=lambda kind: kind.key)}


def _package(name: str) -> str:
    return f"stackgen.contracts.{name.replace('-', '_')}"
