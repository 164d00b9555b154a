"""The shell that a client of a binding runs in: what it reads of its own accord must not decide what is measured.

Which variables that are, each contract's binding says (`reads`, `overrides`).
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
"""Variables that name certificates, which a private authority may need: kept, if they lead somewhere."""
NOTHING_READ = {"NETRC": os.devnull}
"""Python's `requests` gives a server the password that ~/.netrc has for its host, before the binding's own."""


def cleaned(environment: Mapping[str, str], bindings: Iterable[Binding]) -> dict[str, str]:
    """An environment for probes and movers: without what the bindings' clients would read beside them."""
    patterns, instead = _of(bindings)
    kept = {name: value for name, value in environment.items() if not _any(name, patterns)}
    return {**kept, **NOTHING_READ, **instead}


def for_command(environment: Mapping[str, str], bindings: Iterable[Binding]) -> dict[str, str]:
    """An environment for a command with these bindings in plain variables: without what would contradict them."""
    patterns = [pattern for binding in bindings for pattern in binding.overrides]
    return {name: value for name, value in environment.items() if not _any(name, patterns)}


@contextmanager
def clean(bindings: Iterable[Binding]) -> Iterator[None]:
    """This process with a cleaned environment, while the context lasts; everything is put back afterwards.

    Raises StackgenError(no-certificates) where a variable names certificates that are not there: every client of
    this process would fail, whatever the server does.
    """
    refuse_missing_certificates(os.environ)
    before = dict(os.environ)
    wanted = cleaned(before, bindings)
    changed = [name for name in {*before, *wanted} if before.get(name) != wanted.get(name)]
    _become(wanted, changed)
    try:
        yield
    finally:
        _become(before, changed)


def undisturbed(function: Callable[P, R]) -> Callable[P, R]:
    """The function, run in an environment that is cleaned for the bindings among its arguments."""

    @wraps(function)
    def run(*arguments: P.args, **options: P.kwargs) -> R:
        with clean(item for item in (*arguments, *options.values()) if isinstance(item, Binding)):
            return function(*arguments, **options)

    return run


def refuse_missing_certificates(environment: Mapping[str, str]) -> None:
    """Raise StackgenError(no-certificates) for every variable that names certificates and leads nowhere."""
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
