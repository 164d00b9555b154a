"""Resolves the options of a component by its capability's model, and its implementation."""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import ValidationError

from stackgen.descriptors.model import CapabilityOptions, Place
from stackgen.errors import did_you_mean
from stackgen.planning.choose import Choice, choose_implementation, refuse_options
from stackgen.planning.findings import Findings
from stackgen.planning.merge import Merged
from stackgen.planning.private import refuse_broken


def resolve_options(merged: Merged, findings: Findings) -> CapabilityOptions | None:
    shelf = findings.shelf
    if merged.capability not in shelf.capability_names or shelf.capability(merged.capability).internal:
        usable = [name for name in shelf.capability_names if not shelf.capability(name).internal]
        findings.add(
            "unknown-capability",
            f"component '{merged.name}' has capability '{merged.capability}', which is not known",
            (*merged.path, "capability"),
            hint=did_you_mean(merged.capability, usable),
            allowed=usable,
            next="stackgen catalog list",
        )
        return None
    model = shelf.capability(merged.capability).options
    try:
        return model.model_validate(dict(merged.options))
    except ValidationError as error:
        findings.add_validation(error, merged.option_path, f"{merged.capability} '{merged.name}'", model)
        return None


def resolve_choice(
    merged: Merged, options: CapabilityOptions | None, where: Mapping[str, Place], findings: Findings
) -> Choice | None:
    if merged.capability not in findings.shelf.implementations:
        return None
    found = choose_implementation(merged, options, where, findings)
    if found is not None:
        refuse_options(merged, found.entry, findings)
        refuse_broken(found.entry, findings)
    return found
