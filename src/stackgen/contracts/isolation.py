"""Has a mover's work done by a process of its own, where no server takes this process's memory or time."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator, Sequence
from functools import wraps
from inspect import signature
from typing import Any, ParamSpec, TypeVar

from stackgen.contracts.model import Binding
from stackgen.contracts.surroundings import cleaned, refuse_missing_certificates
from stackgen.subprocesses.calling import TaskDescription, call_isolated

P = ParamSpec("P")
R = TypeVar("R")
MOVE = TaskDescription("move-failed", "moves data", "move", "go on")


def apart(function: Callable[P, R], component: str | None = None) -> Callable[P, R]:
    """The function, called in an environment cleaned for the bindings it is given: see `calling.call_isolated`.

    component: whose data it is, for messages.
    """

    @wraps(function)
    def run(*arguments: P.args, **options: P.kwargs) -> R:
        given = signature(function).bind(*arguments, **options).arguments
        bindings = [value for value in given.values() if isinstance(value, Binding)]
        refuse_missing_certificates(os.environ)
        return call_isolated(
            function, given, MOVE, _about(component, bindings), cleaned(os.environ, bindings)
        )

    return run


def _about(component: str | None, bindings: Sequence[Binding]) -> str:
    """Whose data it is, by what contract and at which servers."""
    whose = f"'{component}', " if component else ""
    contracts = ", ".join(dict.fromkeys(_contract(binding).name for binding in bindings))
    return f"{whose}{contracts} at {', '.join(dict.fromkeys(_places(bindings)))}"


def _contract(binding: Binding) -> Any:
    """The contract of a binding stands beside its class."""
    return vars(sys.modules[type(binding).__module__])["CONTRACT"]


def _places(bindings: Sequence[Binding]) -> Iterator[str]:
    for binding in bindings:
        host, port = _contract(binding).reach(binding)
        yield f"{host}:{port}"
