"""Chooses the implementation of a component, and resolves its settings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from stackgen.catalog.shelf import Entry
from stackgen.descriptors.model import CapabilityOptions, ImplementationSettings, Place
from stackgen.errors import did_you_mean
from stackgen.planning.findings import Findings, SpecPath

if TYPE_CHECKING:
    from stackgen.planning.merge import Merged


@dataclass(frozen=True)
class Choice:
    """Chosen implementation of a component. instead_of: preferred implementation → why it can't provide it."""

    entry: Entry
    instead_of: Mapping[str, str] = field(default_factory=dict[str, str])


def choose_implementation(
    merged: Merged, options: CapabilityOptions | None, where: Mapping[str, Place], findings: Findings
) -> Choice | None:
    """The entry of the shelf that provides a component; None after noting what is wrong.

    where: provider → place; the first is the environment's own. Where a spec names no implementation, the
    provider's default is taken, or the next of its implementations if the default does not offer the model.
    """
    shelf, provider = findings.shelf, next(iter(where))
    offered = shelf.implementations[merged.capability]
    if merged.implementation is None:
        entry = shelf.default(merged.capability, provider)
        if entry is not None and options is not None:
            return _first_that_offers(entry, merged, options, where[provider], findings)
        if entry is None:
            findings.add(
                "no-implementation",
                f"'{provider}' has no default implementation of {merged.capability} for '{merged.name}'",
                merged.path,
                allowed=sorted(offered),
                next=f"stackgen catalog list --capability {merged.capability}",
            )
        return Choice(entry) if entry is not None else None
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
    elif options is not None:
        why = _why_not(entry, merged, options, where[entry.provider])
        if why is not None:
            _not_offered(merged, {entry.id: why}, findings)
    return Choice(entry) if entry is not None else None


def _first_that_offers(
    default: Entry, merged: Merged, options: CapabilityOptions, where: Place, findings: Findings
) -> Choice | None:
    others = findings.shelf.implementations[merged.capability].values()
    entries = [default, *(e for e in others if e.provider == default.provider and e != default)]
    refused: dict[str, str] = {}
    for entry in entries:
        why = _why_not(entry, merged, options, where)
        if why is None:
            if refused:
                findings.note(f"{merged.name}: {entry.id}, since {'; '.join(refused.values())}")
                _warn_of_cost(default, entry, merged, refused, findings)
            return Choice(entry, refused)
        refused[entry.id] = why
    _not_offered(merged, refused, findings)
    return None


def _warn_of_cost(
    default: Entry, entry: Entry, merged: Merged, refused: Mapping[str, str], findings: Findings
) -> None:
    """Whoever named only a provider must learn that what is taken instead costs more than they may think."""
    dear = cost_note(entry)
    if dear and dear != cost_note(default):
        findings.warn(
            f"'{merged.name}' in environment '{findings.environment}' is provided by {entry.id}, {dear}, "
            f"instead of {default.id}: {'; '.join(refused.values())}"
        )


def cost_note(entry: Entry) -> str:
    """Note about an implementation's price for a person to know beforehand; empty without one."""
    found = entry.implementation
    words = ["is paid for as long as it is up"] if found.billing == "always-on" else []
    words += ["needs GPUs"] if found.gpu else []
    return f"which {' and '.join(words)}" if words else ""


def _why_not(entry: Entry, merged: Merged, options: CapabilityOptions, where: Place) -> str | None:
    offers = entry.implementation.offers
    return offers(options, merged.settings, where) if offers is not None else None


def _not_offered(merged: Merged, refused: Mapping[str, str], findings: Findings) -> None:
    findings.add(
        "not-offered",
        "\n".join(
            (
                f"no implementation can provide '{merged.name}' in environment '{findings.environment}':",
                *refused.values(),
            )
        )
        if len(refused) > 1
        else f"'{merged.name}': {next(iter(refused.values()))}",
        merged.implementation_path if merged.implementation else merged.path,
        next=f"stackgen catalog models --capability {merged.capability}",
    )


def resolve_settings(
    merged: Merged, entry: Entry, options: CapabilityOptions | None, where: Place, findings: Findings
) -> ImplementationSettings | None:
    """Size's settings, then the component's, then the environment's, then what follows from the options.

    None after noting what is wrong.
    """
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
        settings = model.model_validate(values)
    except ValidationError as error:
        subject = f"settings of {entry.id} for '{merged.name}'"
        findings.add_validation(error, merged.setting_path, subject, model)
        return None
    if implementation.resolve is None or options is None or findings.problems:
        return settings
    return settings.model_copy(update=dict(implementation.resolve(options, settings, where)))


def check_together(
    merged: Merged,
    entry: Entry,
    options: CapabilityOptions,
    settings: ImplementationSettings,
    where: Place,
    findings: Findings,
) -> None:
    """Note what the implementation says is wrong, or soon will be, with options and settings together."""
    warns = entry.implementation.warns
    warning = warns(options, settings, where) if warns is not None and not findings.problems else None
    if warning is not None:
        findings.warn(f"'{merged.name}' by {entry.id}: {warning}")
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


def _option_path(merged: Merged, option: str) -> SpecPath:
    return merged.option_path((option,))
