"""Bindings as environment variables for a consumer of several components."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

from stackgen.contracts import Binding, contract


def plain_bindings(bindings: Mapping[str, Mapping[str, Mapping[str, Any]]]) -> list[Binding]:
    """Return the bindings whose variables need no prefix: no other component has the same contract."""
    counts = Counter(name for contracts in bindings.values() for name in contracts)
    return [
        contract(name).binding.model_validate(values)
        for contracts in bindings.values()
        for name, values in contracts.items()
        if counts[name] == 1 and contract(name).binding.plain_names
    ]


def environment_variables(
    bindings: Mapping[str, Mapping[str, Mapping[str, Any]]], *, masked: bool = False
) -> dict[str, str]:
    """Return variables prefixed with the component's name; also without prefix if no other component has the contract.

    masked: show asterisks instead of secrets.
    """
    counts = Counter(name for contracts in bindings.values() for name in contracts)
    found: dict[str, str] = {}
    for component, contracts in bindings.items():
        prefix = component.upper().replace("-", "_")
        for name, values in contracts.items():
            kind = contract(name).binding
            for variable, value in kind.model_validate(values).environment(masked=masked).items():
                found[f"{prefix}_{variable}"] = value
                if counts[name] == 1 and kind.plain_names:
                    found[variable] = value
    return found
