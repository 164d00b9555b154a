"""Region of a provider's components in an environment, and the residency that holds there."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from stackgen.descriptors.model import NamesRegion, Place
from stackgen.descriptors.provider import Provider
from stackgen.descriptors.regions import SETTING
from stackgen.errors import did_you_mean
from stackgen.planning.findings import Findings, SpecPath

if TYPE_CHECKING:
    from stackgen.catalog.shelf import Entry
    from stackgen.planning.merge import Merged
    from stackgen.spec.stack import Environment


def provider_settings(environment: Environment, provider: str) -> dict[str, Any]:
    """A provider's settings as the environment has them: `settings` for its own, `providers` for others."""
    if provider == environment.provider:
        return dict(environment.settings)
    return dict(environment.providers.get(provider, {}))


def find_place(environment: str, provider: str, findings: Findings) -> Place:
    """The place; its region is the provider's setting of that name, or that setting's default."""
    stack, described = findings.loaded.stack, findings.shelf.provider(provider)
    given = provider_settings(stack.environments[environment], provider)
    field = described.settings.model_fields.get("region")
    region = given.get("region", field.default if field else None)
    known = described.regions
    lies_in = known.geographies(region) if known is not None and isinstance(region, str) else frozenset[str]()
    return Place(region, lies_in, stack.data.residency, datetime.now(UTC).date(), given)


def find_unknown_region(provider: Provider, given: Mapping[str, Any]) -> str | None:
    """The region that a provider's settings name, where its table has no such; None where all is well."""
    return _unknown(provider, given, given.get("region"))


def check_regions(environment: str, places: Mapping[str, Place], findings: Findings) -> None:
    """Note every region that its provider's table does not have: services differ by region, and so do prices."""
    for name, where in places.items():
        provider = findings.shelf.provider(name)
        region = find_unknown_region(provider, where.settings)
        if region is not None:
            subject = f"environment '{environment}' asks for region '{region}' of {name}"
            _refuse(subject, region, provider, setting_path(environment, name, "region", findings), findings)


def check_locations(merged: Merged, entry: Entry, where: Place, findings: Findings) -> None:
    """Note every setting of a component that names a region which is not known."""
    provider = findings.shelf.provider(entry.provider)
    for name, info in entry.implementation.settings.model_fields.items():
        marks = [mark for mark in info.metadata if isinstance(mark, NamesRegion)]
        region = _unknown(provider, where.settings, merged.settings.get(name))
        if marks and region is not None and region not in marks[0].others:
            subject = f"`{name}` of '{merged.name}' is '{region}'"
            _refuse(subject, region, provider, merged.setting_path((name,)), findings)


def _unknown(provider: Provider, settings: Mapping[str, Any], region: object) -> str | None:
    """The region if it is not in the provider's table. `region_check: off` lets any through: it may be newer."""
    table = provider.regions
    if table is None or not isinstance(region, str) or settings.get(SETTING) == "off":
        return None
    return None if region in table.names else region


def _refuse(subject: str, region: str, provider: Provider, path: SpecPath, findings: Findings) -> None:
    if provider.regions is None:
        return
    known = provider.regions.names
    newer = f"set `{SETTING}: off` in the environment's settings if it is newer than that"
    meant = did_you_mean(region, known)
    findings.add(
        "unknown-region",
        f"{subject}, which is not among the regions known on {provider.regions.checked}",
        path,
        hint=f"{meant} {newer}" if meant else newer,
        allowed=known,
    )


def setting_path(environment: str, provider: str, name: str, findings: Findings) -> SpecPath:
    """Path of a provider's setting in the spec."""
    own = findings.loaded.stack.environments[environment].provider == provider
    return ("environments", environment, *(("settings",) if own else ("providers", provider)), name)


def check_residency(environment: str, places: Mapping[str, Place], findings: Findings) -> None:
    """Note every provider whose region is not known to lie where the data must stay."""
    for provider, where in places.items():
        if where.residency and where.region and where.residency not in where.geographies:
            if find_unknown_region(findings.shelf.provider(provider), where.settings) is not None:
                continue  # said already
            lies = (
                f"which lies in {', '.join(sorted(where.geographies))}"
                if where.geographies
                else "which is not known"
            )
            findings.add(
                "outside-residency",
                f"data must stay in '{where.residency}', and {provider} would run in {where.region}, {lies}",
                setting_path(environment, provider, "region", findings),
                hint="set `region` to one that lies there",
            )
