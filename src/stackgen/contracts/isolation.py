"""Runs a mover in a process of its own, so that no server uses up the memory or the time of this process."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator, Sequence
from functools import wraps
from inspect import signature
from typing import Any, ParamSpec, TypeVar

from stackgen.contracts.model import Binding
from stackgen.contracts.surroundings import clean_environment, refuse_missing_certificates
from stackgen.subprocesses.calling import TaskDescription, call_isolated

P = ParamSpec("P")
R = TypeVar("R")
MOVE = TaskDescription("move-failed", "moves data", "move", "go on")


def isolate(function: Callable[P, R], component: str | None = None) -> Callable[P, R]:
    """Wrap a function: call it in another process with a clean environment; see `calling.call_isolated`.

    component: name of the component that holds the data, for messages.
    """

    @wraps(function)
    def run(*arguments: P.args, **options: P.kwargs) -> R:
        given = signature(function).bind(*arguments, **options).arguments
        bindings = [value for value in given.values() if isinstance(value, Binding)]
        refuse_missing_certificates(os.environ)
        return call_isolated(
            function, given, MOVE, _about(component, bindings), clean_environment(os.environ, bindings)
        )

    return run


def _about(component: str | None, bindings: Sequence[Binding]) -> str:
    """Name the component, the contracts and the servers."""
    whose = f"'{component}', " if component else ""
    contracts = ", ".join(dict.fromkeys(_contract(binding).name for binding in bindings))
    return f"{whose}{contracts} at {', '.join(dict.fromkeys(_places(bindings)))}"


def _contract(binding: Binding) -> Any:
    """Return the contract of a binding, from the module of its class."""
    return vars(sys.modules[type(binding).__module__])["CONTRACT"]


def _places(bindings: Sequence[Binding]) -> Iterator[str]:
    for binding in bindings:
        host, port = _contract(binding).reach(binding)
        yield f"{host}:{port}"
