"""Changes of what a Pulumi state says of resources, where no program can say it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any


def state_digest(deployment: Mapping[str, Any]) -> str:
    """Of the resources that a state has, as they are in it."""
    return hashlib.sha256(json.dumps(deployment.get("resources", []), sort_keys=True).encode()).hexdigest()


@dataclass(frozen=True)
class StateChange:
    """free: URN -> URNs that it depends on no longer. guarded, unguarded: URNs to be protected, and no longer."""

    free: Mapping[str, Collection[str]] = field(default_factory=dict[str, Collection[str]])
    guarded: Collection[str] = ()
    unguarded: Collection[str] = ()


def apply_change(resources: Sequence[dict[str, Any]], change: StateChange) -> bool:
    """Change what a state says of resources, in place; whether anything was otherwise."""
    before = json.dumps(resources, sort_keys=True)
    for item in resources:
        if item["urn"] in change.guarded:
            item["protect"] = True
        if item["urn"] in change.unguarded:
            item.pop("protect", None)
        dropped = change.free.get(item["urn"], ())
        if any(urn in dropped for urn in item.get("dependencies", [])):
            item["dependencies"] = [urn for urn in item["dependencies"] if urn not in dropped]
            by_property: dict[str, list[str] | None] = item.get("propertyDependencies") or {}
            item["propertyDependencies"] = {
                name: [urn for urn in urns or [] if urn not in dropped] for name, urns in by_property.items()
            }
    return json.dumps(resources, sort_keys=True) != before
