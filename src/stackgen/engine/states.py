"""Changes of what a Pulumi state says of resources, where no program can say it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Mapping, Sequence
from typing import Any


def digest(deployment: Mapping[str, Any]) -> str:
    """Of the resources that a state has, as they are in it."""
    return hashlib.sha256(json.dumps(deployment.get("resources", []), sort_keys=True).encode()).hexdigest()


def release(
    resources: Sequence[dict[str, Any]], free: Mapping[str, Collection[str]], unprotected: Collection[str]
) -> bool:
    """Take dependencies and protections away in place; whether there were any.

    free: URN → URNs that it depends on no longer. unprotected: URNs.
    """
    changed = False
    for item in resources:
        if item["urn"] in unprotected and item.pop("protect", None):
            changed = True
        dropped = free.get(item["urn"], ())
        if any(urn in dropped for urn in item.get("dependencies", [])):
            item["dependencies"] = [urn for urn in item["dependencies"] if urn not in dropped]
            by_property: dict[str, list[str] | None] = item.get("propertyDependencies") or {}
            item["propertyDependencies"] = {
                name: [urn for urn in urns or [] if urn not in dropped] for name, urns in by_property.items()
            }
            changed = True
    return changed
