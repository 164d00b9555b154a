"""Environments for clients of bindings: variables of the user's shell must not change what is measured.

The binding of each contract names these variables (`reads`, `overrides`).
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from fnmatch import fnmatchcase
from functools import wraps
from typing import ParamSpec, TypeVar

from stackgen.contracts.model import Binding
from stackgen.errors import ExitCode, Problem, StackgenError

P = ParamSpec("P")
R = TypeVar("R")
CERTIFICATES = (
    "SSL_CERT_FILE",
    "SSL_CERT_DIR",
    "REQUESTS_CA_BUNDLE",
    "CURL_CA_BUNDLE",
    "AWS_CA_BUNDLE",
    "PGSSLROOTCERT",
)
"""Variables that name certificates. A private authority may need them, so they are kept if the files exist."""
NOTHING_READ = {"NETRC": os.devnull}
"""Python's `requests` prefers the password that ~/.netrc has for a host to the password of the binding."""


def clean_environment(environment: Mapping[str, str], bindings: Iterable[Binding]) -> dict[str, str]:
    """Return an environment for probes and movers, without other variables that the bindings' clients would read."""
    patterns, instead = _of(bindings)
    kept = {name: value for name, value in environment.items() if not _any(name, patterns)}
    return {**kept, **NOTHING_READ, **instead}


def command_environment(environment: Mapping[str, str], bindings: Iterable[Binding]) -> dict[str, str]:
    """Return an environment for a command with these bindings, without variables that would override them."""
    patterns = [pattern for binding in bindings for pattern in binding.overrides]
    return {name: value for name, value in environment.items() if not _any(name, patterns)}


@contextmanager
def use_clean_environment(bindings: Iterable[Binding]) -> Iterator[None]:
    """Give this process a clean environment within the context, and restore the variables afterwards.

    Raises StackgenError(no-certificates) if a variable names certificates that do not exist: every client of
    this process would fail, whatever the server does.
    """
    refuse_missing_certificates(os.environ)
    before = dict(os.environ)
    wanted = clean_environment(before, bindings)
    changed = [name for name in {*before, *wanted} if before.get(name) != wanted.get(name)]
    _become(wanted, changed)
    try:
        yield
    finally:
        _become(before, changed)


def shield_from_shell(function: Callable[P, R]) -> Callable[P, R]:
    """Decorate a function: run it in a clean environment for the bindings among its arguments."""

    @wraps(function)
    def run(*arguments: P.args, **options: P.kwargs) -> R:
        with use_clean_environment(
            item for item in (*arguments, *options.values()) if isinstance(item, Binding)
        ):
            return function(*arguments, **options)

    return run


def refuse_missing_certificates(environment: Mapping[str, str]) -> None:
    """Raise StackgenError(no-certificates) for every variable that names certificates that do not exist."""
    problems = [
        Problem(
            "no-certificates",
            f"the variable {name} of this shell names {environment[name]}, which is not there; "
            "no client can be made, so nothing was measured or moved",
            hint=f"mend it, or `unset {name}`",
        )
        for name in CERTIFICATES
        if environment.get(name) and not os.path.exists(environment[name])  # noqa: PTH110 - any text may be there
    ]
    if problems:
        raise StackgenError(problems, ExitCode.GENERIC)


def _of(bindings: Iterable[Binding]) -> tuple[list[str], dict[str, str]]:
    patterns: list[str] = []
    instead: dict[str, str] = {}
    for binding in bindings:
        patterns += binding.reads
        instead |= binding.instead
    return patterns, instead


def _any(name: str, patterns: Iterable[str]) -> bool:
    return name not in CERTIFICATES and any(fnmatchcase(name, pattern) for pattern in patterns)


def _become(wanted: Mapping[str, str], changed: Iterable[str]) -> None:
    for name in changed:
        if name in wanted:
            os.environ[name] = wanted[name]
        else:
            os.environ.pop(name, None)
