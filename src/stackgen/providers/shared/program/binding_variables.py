"""Bindings as environment variables, under the names that unmodified clients already read."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from urllib.parse import quote

import pulumi

from contract_variables import ALSO, COMPOSED, PREFIXED_ONLY, SECRET, VARIABLES


def environment(used: Mapping[str, Mapping[str, Any]]) -> dict[str, pulumi.Output[str]]:
    """Return variables for a consumer of these components' bindings; every value may be secret.

    Each variable is prefixed with its component's name (KNOWLEDGE_PGHOST), and also without a prefix if only one
    used component has that contract.
    """
    contracts = Counter(contract for bindings in used.values() for contract in bindings)
    found: dict[str, pulumi.Output[str]] = {}
    for component, bindings in used.items():
        prefix = component.upper().replace("-", "_")
        for contract, binding in bindings.items():
            for name, value in _variables(contract, binding):
                found[f"{prefix}_{name}"] = value
                if contracts[contract] == 1 and contract not in PREFIXED_ONLY:
                    found[name] = value
    return found


def split(
    variables: Mapping[str, pulumi.Output[str]],
) -> tuple[dict[str, pulumi.Output[str]], dict[str, pulumi.Output[str]]]:
    """Split variables into plain ones, and ones that hold a secret."""
    secret = {name: value for name, value in variables.items() if name.endswith(tuple(SECRET))}
    return {name: value for name, value in variables.items() if name not in secret}, secret


def _variables(
    contract: str, binding: Mapping[str, pulumi.Input[Any]]
) -> Iterable[tuple[str, pulumi.Output[str]]]:
    for key, name in VARIABLES.get(contract, {}).items():
        if key in binding:
            value = pulumi.Output.from_input(binding[key]).apply(str)
            yield from ((each, value) for each in (name, *ALSO.get(name, [])))
    for name, text in COMPOSED.get(contract, {}).items():
        yield name, pulumi.Output.all(contract, text, dict(binding)).apply(_composed)


def _composed(given: Sequence[Any]) -> str:
    """Return an address, with its secrets percent-encoded. given: contract, text, and values by their binding key."""
    contract, text, values = given
    secret = {key for key, name in VARIABLES[contract].items() if name in SECRET}
    return re.sub(
        r"{([\w-]+)}",
        lambda key: quote(str(values[key[1]]), safe="") if key[1] in secret else str(values[key[1]]),
        text,
    )
