"""Where bindings lead."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import ValidationError

from stackgen.contracts import contract


def addresses(bindings: Mapping[str, Mapping[str, Any]]) -> Iterator[tuple[str, int]]:
    """Host and port of each binding; of those that are not of their contract's shape there is none."""
    for contracts in bindings.values():
        for name, values in contracts.items():
            known = contract(name)
            try:
                yield known.reach(known.binding.model_validate(values))
            except ValidationError:
                continue
