"""Addresses of components, for people: no secret is in an address."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def list_addresses(bindings: Mapping[str, Mapping[str, Mapping[str, Any]]]) -> list[tuple[str, str, str]]:
    """Component, contract, host:port of every binding."""
    from stackgen.contracts import contract

    rows: list[tuple[str, str, str]] = []
    for component, contracts in bindings.items():
        for name, values in contracts.items():
            kind = contract(name)
            host, port = kind.reach(kind.binding.model_validate(values))
            rows.append((component, f"{name}/{kind.version}", f"{host}:{port}"))
    return rows
