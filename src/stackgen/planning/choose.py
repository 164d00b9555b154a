"""Which implementation provides a component, and with which settings."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from stackgen.catalog.model import CapabilityOptions, ImplementationSettings
from stackgen.catalog.shelf import Entry
from stackgen.errors import did_you_mean
from stackgen.planning.findings import Findings, Path

if TYPE_CHECKING:
    from stackgen.planning.merge import Merged


def choose(merged: Merged, provider: str, findings: Findings) -> Entry | None:
    """The entry of the shelf that provides a component; None after noting what is wrong."""
    shelf = findings.shelf
    offered = shelf.implementations[merged.capability]
    if merged.implementation is None:
        entry = shelf.default(merged.capability, provider)
        if entry is None:
            findings.add(
                "no-implementation",
                f"'{provider}' has no default implementation of {merged.capability} for '{merged.name}'",
                merged.path,
                allowed=sorted(offered),
                next=f"stackgen catalog list --capability {merged.capability}",
            )
        return entry
    entry = offered.get(merged.implementation)
    if entry is None:
        findings.add(
            "unknown-implementation",
            f"'{merged.name}' asks for '{merged.implementation}', no implementation of {merged.capability}",
            merged.implementation_path,
            hint=did_you_mean(merged.implementation, list(offered)),
            allowed=sorted(offered),
            next=f"stackgen catalog list --capability {merged.capability}",
        )
    return entry


def resolve_settings(merged: Merged, entry: Entry, findings: Findings) -> ImplementationSettings | None:
    """Size's settings, then the component's, then the environment's; None after noting what is wrong."""
    implementation = entry.implementation
    sizes = implementation.sizes
    if merged.size is not None and merged.size not in sizes:
        findings.add(
            "unsupported-size",
            f"{entry.id} has no size '{merged.size}', which '{merged.name}' asks for",
            merged.size_path,
            allowed=sorted(sizes),
        )
        return None
    values: dict[str, Any] = {**sizes.get(merged.size or "small", {}), **merged.settings}
    model = implementation.settings
    try:
        return model.model_validate(values)
    except ValidationError as error:
        subject = f"settings of {entry.id} for '{merged.name}'"
        findings.add_validation(error, merged.setting_path, subject, model)
        return None


def check_together(
    merged: Merged,
    entry: Entry,
    options: CapabilityOptions,
    settings: ImplementationSettings,
    findings: Findings,
) -> None:
    """Note what the implementation says is wrong with options and settings taken together."""
    check = entry.implementation.check
    sentence = check(options, settings) if check is not None else None
    if sentence is not None:
        findings.add("bad-combination", f"'{merged.name}' by {entry.id}: {sentence}", merged.path)


def refuse_options(merged: Merged, entry: Entry, findings: Findings) -> None:
    """Note every option that the chosen implementation says it can't honour."""
    for option, reason in entry.implementation.refuses.items():
        if option in merged.options:
            findings.add(
                "option-not-honoured",
                f"{entry.id} can't honour '{option}' of '{merged.name}': {reason}",
                _option_path(merged, option),
            )


def _option_path(merged: Merged, option: str) -> Path:
    return merged.option_path((option,))
