"""stackgen.lock.json: what a program was made from, and the digest of every file that was written."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

from pydantic_core import to_json

from stackgen import __version__
from stackgen.planning.identity import embedding_identity
from stackgen.planning.model import Plan, PlannedComponent

LOCK = "stackgen.lock.json"


def lock_content(plan: Plan, files: Mapping[str, bytes]) -> bytes:
    """The lock file's bytes. No secret is known at this point, so none can be in it."""
    components = {item.name: component_entry(item) for item in plan.components}
    content: dict[str, Any] = {
        "version": 1,
        "generator": f"stackgen {__version__}",
        "stack": plan.stack.name,
        "environment": plan.environment,
        "provider": plan.provider,
        "owner": plan.stack.owner,
        "labels": dict(plan.stack.labels),
        "data": plan.stack.data,
        "spec": {"file": plan.spec_path.name, "sha256": plan.spec_digest},
        "components": components,
        **(
            {"beside": {item.name: component_entry(item) for item in plan.second_boxes}}
            if plan.second_boxes
            else {}
        ),
        "files": {path: hashlib.sha256(data).hexdigest() for path, data in sorted(files.items())},
    }
    # models lose their nulls, dictionaries keep them
    return to_json(content, indent=2, by_alias=False, exclude_none=True) + b"\n"


def component_entry(item: PlannedComponent) -> dict[str, Any]:
    """A component as the lock has it: who provides it, with what, keeping which clauses."""
    return {
        "capability": item.capability,
        "implementation": item.entry.id,
        **({"box": item.box} if item.box != 1 else {}),
        "options": item.options,
        "settings": item.settings,
        **({"embedding_identity": made} if (made := embedding_identity(item)) is not None else {}),
        "kept": item.kept,
    }
