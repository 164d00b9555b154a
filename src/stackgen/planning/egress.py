"""Components that may open connections to the internet, and why: they need to, or the spec names them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from stackgen.descriptors.model import Place
from stackgen.descriptors.prose import Prose
from stackgen.errors import did_you_mean
from stackgen.planning.findings import Findings
from stackgen.planning.places import setting_path
from stackgen.providers.egress import SETTING

if TYPE_CHECKING:
    from stackgen.planning.model import PlannedComponent


def egress_reasons(
    environment: str, boxes: Sequence[PlannedComponent], where: Mapping[str, Place], findings: Findings
) -> dict[str, dict[str, str]]:
    """Provider → resource name of a component → why it may, for providers that have the setting.

    Notes names that are no components of the provider, and needs where the setting is `none`.
    """
    found: dict[str, dict[str, str]] = {}
    for provider, place in where.items():
        if SETTING not in findings.shelf.provider(provider).settings.model_fields:
            continue
        here = [item for item in boxes if item.entry.provider == provider]
        needs: dict[str, str] = {item.resource: why for item in here if (why := _need(item, boxes, place))}
        given = place.settings.get(SETTING)
        if given == "none" and needs:
            _refuse(environment, provider, needs, findings)
        elif isinstance(given, Mapping):
            _check_names(environment, provider, given, here, findings)
            needs |= {item.resource: given[item.name] for item in here if item.name in given}
        for name, why in needs.items():
            note = f"{name} may open HTTPS connections to the internet: {why}"
            findings.note(Prose(note) if isinstance(why, Prose) else note)
        found[provider] = {name: str(why) for name, why in needs.items()}
    return found


def _need(item: PlannedComponent, boxes: Sequence[PlannedComponent], place: Place) -> Prose | None:
    """Why a component needs it: components on another provider, or its implementation says so."""
    elsewhere = _elsewhere(item, {box.name: box for box in reversed(boxes)})
    internet = item.implementation.internet
    why = elsewhere or (internet(item.settings, place) if internet is not None else None)
    return None if why is None else Prose(why)


def _elsewhere(item: PlannedComponent, by_name: Mapping[str, PlannedComponent]) -> str | None:
    for reference in item.references.values():
        for target in (by_name[name] for name in reference.names if name in by_name):
            server = by_name.get(target.served_by or "", target)
            reached = target if server.name == item.name else server
            if reached.entry.provider != item.entry.provider and reference.connects(target):
                return f"it calls {reached.name} on {reached.entry.provider}"
    return None


def _refuse(environment: str, provider: str, needs: Mapping[str, str], findings: Findings) -> None:
    reasons = "; ".join(f"{name}, since {why}" for name, why in needs.items())
    findings.add(
        "internet-needed",
        f"environment '{environment}' lets nothing out to the internet, which is needed by {reasons}",
        setting_path(environment, provider, SETTING, findings),
        hint=f"leave `{SETTING}` out: then these are let out, and no other",
    )


def _check_names(
    environment: str,
    provider: str,
    given: Mapping[str, Any],
    here: Sequence[PlannedComponent],
    findings: Findings,
) -> None:
    known = [item.name for item in here]
    for name in given:
        if name not in known:
            findings.add(
                "unknown-component",
                f"`{SETTING}` of environment '{environment}' names '{name}', which is no component on {provider}",
                (*setting_path(environment, provider, SETTING, findings), name),
                hint=did_you_mean(str(name), known),
                allowed=known,
            )
