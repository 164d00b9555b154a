"""Addresses that bindings lead to."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import ValidationError

from stackgen.contracts import contract


def binding_addresses(bindings: Mapping[str, Mapping[str, Any]]) -> Iterator[tuple[str, int]]:
    """Yield host and port of each binding; skip bindings that do not match their contract."""
    for contracts in bindings.values():
        for name, values in contracts.items():
            known = contract(name)
            try:
                yield known.reach(known.binding.model_validate(values))
            except ValidationError:
                continue
