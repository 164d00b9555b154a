"""contract_variables.py of a program: which variables unmodified clients of each contract read."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache

from stackgen.contracts import contract, contract_names
from stackgen.contracts.model import to_kebab
from stackgen.program.literals import Code, python_literal
from stackgen.program.templating import render


@dataclass(frozen=True)
class Tables:
    """The tables of the module, by the names that they have there in lower case."""

    variables: dict[str, dict[str, str]]
    composed: dict[str, dict[str, str]]
    also: dict[str, list[str]]
    prefixed_only: list[str]
    secret: list[str]


@cache
def contract_tables() -> Tables:
    """The tables of every contract: a component may bind one that it declares no clause of."""
    bindings = {name: contract(name).binding for name in contract_names()}
    secret = {variable for kind in bindings.values() for variable in kind.secret_variables()}
    return Tables(
        variables={
            name: {to_kebab(field): variable for field, variable in kind.variables.items()}
            for name, kind in bindings.items()
            if kind.variables
        },
        composed={
            name: {
                variable: re.sub(r"{(\w+)}", _kebab_field, text) for variable, text in kind.composed.items()
            }
            for name, kind in bindings.items()
            if kind.composed
        },
        also={name: list(others) for kind in bindings.values() for name, others in kind.also.items()},
        prefixed_only=[name for name, kind in bindings.items() if not kind.plain_names],
        secret=sorted(secret),
    )


def contract_variables() -> bytes:
    """The module's text."""
    made = contract_tables()
    return render(
        "contract_variables.py.jinja",
        variables=_table("VARIABLES: dict[str, dict[str, str]] = ", made.variables),
        composed=_table("COMPOSED: dict[str, dict[str, str]] = ", made.composed),
        also=_table("ALSO: dict[str, list[str]] = ", made.also),
        prefixed_only=_table("PREFIXED_ONLY: list[str] = ", made.prefixed_only),
        secret=_table("SECRET: list[str] = ", made.secret),
    ).encode()


def _kebab_field(match: re.Match[str]) -> str:
    return f"{{{to_kebab(match[1])}}}"


def _table(head: str, value: object) -> Code:
    return python_literal(value, lead=len(head))
