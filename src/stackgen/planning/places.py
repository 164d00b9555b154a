"""Where a provider's components would run: its region in this environment, and what residency holds there."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from stackgen.catalog.model import Place
from stackgen.planning.findings import Findings

if TYPE_CHECKING:
    from stackgen.spec.stack import Environment


def settings_of(environment: Environment, provider: str) -> dict[str, Any]:
    """A provider's settings as the environment has them: `settings` for its own, `providers` for others."""
    if provider == environment.provider:
        return dict(environment.settings)
    return dict(environment.providers.get(provider, {}))


def place(environment: str, provider: str, findings: Findings) -> Place:
    """The place; its region is the provider's setting of that name, or that setting's default."""
    stack, described = findings.loaded.stack, findings.shelf.provider(provider)
    given = settings_of(stack.environments[environment], provider)
    field = described.settings.model_fields.get("region")
    region = given.get("region", field.default if field else None)
    known = described.geographies
    lies_in = known(region) if known is not None and isinstance(region, str) else frozenset[str]()
    return Place(region, lies_in, stack.data.residency, datetime.now(UTC).date(), given)


def check_residency(environment: str, places: Mapping[str, Place], findings: Findings) -> None:
    """Note every provider whose region is not known to lie where the data must stay."""
    for provider, where in places.items():
        if where.residency and where.region and where.residency not in where.geographies:
            own = findings.loaded.stack.environments[environment].provider == provider
            base = ("settings",) if own else ("providers", provider)
            lies = (
                f"which lies in {', '.join(sorted(where.geographies))}"
                if where.geographies
                else "which is not known"
            )
            findings.add(
                "outside-residency",
                f"data must stay in '{where.residency}', and {provider} would run in {where.region}, {lies}",
                ("environments", environment, *base, "region"),
                hint="set `region` to one that lies there",
            )
