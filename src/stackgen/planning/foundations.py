"""Foundations: what a provider's components stand on. The planner adds them; a spec does not name them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from pydantic import ValidationError

from stackgen.catalog.shelf import FOUNDATION
from stackgen.descriptors.model import FromConfiguration
from stackgen.descriptors.provider import Provider, ProviderSettings
from stackgen.planning.findings import Findings, SpecPath
from stackgen.planning.model import PlannedFoundation
from stackgen.planning.places import find_unknown_region, provider_settings
from stackgen.providers.egress import SETTING

if TYPE_CHECKING:
    from stackgen.spec.loading import LoadedStack
    from stackgen.spec.stack import Stack


def plan_foundations(
    loaded: LoadedStack,
    environment: str,
    providers: Mapping[str, Provider],
    egress: Mapping[str, Mapping[str, str]],
    findings: Findings,
) -> tuple[PlannedFoundation, ...]:
    """The foundations of every provider in use; the environment's settings are its first provider's.

    egress: provider → component → why it may open connections to the internet.
    """
    found: list[PlannedFoundation] = []
    described = loaded.stack.environments[environment]
    for name, provider in providers.items():
        settings = _settings(name, provider, provider_settings(described, name), environment, findings)
        if settings is None:
            continue
        for variable, implementation in provider.foundations.items():
            entry = findings.shelf.implementations[FOUNDATION][implementation]
            fields = entry.implementation.settings.model_fields
            chosen = {key: value for key, value in settings if key in fields}
            if "protect" in fields:
                chosen["protect"] = described.protect
            if SETTING in fields:
                chosen[SETTING] = dict(egress.get(name, {}))
            if "labels" in fields:
                chosen["labels"] = _labels(loaded.stack, environment)
            model = entry.implementation.settings
            found.append(
                PlannedFoundation(
                    name=variable,
                    provider=name,
                    entry=entry,
                    settings=model.model_validate(chosen),
                    configured=tuple(
                        key for key, info in fields.items() if FromConfiguration() in info.metadata
                    ),
                    workloads=provider.workloads,
                    explicit=bool(provider.packages),
                )
            )
    return tuple(found)


def _labels(stack: Stack, environment: str) -> dict[str, str]:
    """What everything is marked with: the spec's labels, whose it is and how sensitive its data is."""
    own = {"stack": stack.name, "environment": environment, "managed-by": "pulumi"}
    if stack.owner:
        own["owner"] = stack.owner
    return {**own, "data-classification": stack.data.classification, **stack.labels}


def _settings(
    name: str, provider: Provider, given: dict[str, object], environment: str, findings: Findings
) -> ProviderSettings | None:
    own = findings.loaded.stack.environments[environment].provider == name

    def place(path: SpecPath) -> SpecPath:
        return ("environments", environment, *(("settings",) if own else ("providers", name)), *path)

    if find_unknown_region(provider, given) is not None:
        given = {key: value for key, value in given.items() if key != "region"}  # said already, and better
    try:
        return provider.settings.model_validate(given)
    except ValidationError as error:
        findings.add_validation(error, place, f"settings of provider {name}", provider.settings)
        return None
