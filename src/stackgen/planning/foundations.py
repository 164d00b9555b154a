"""Foundations: what a provider's components stand on. Nobody writes them in a spec."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from pydantic import ValidationError

from stackgen.planning.findings import Findings, Path
from stackgen.planning.model import PlannedFoundation
from stackgen.providers.model import Provider, ProviderSettings

if TYPE_CHECKING:
    from stackgen.spec.loading import LoadedStack

CAPABILITY = "foundation"


def foundations(
    loaded: LoadedStack, environment: str, providers: Mapping[str, Provider], findings: Findings
) -> tuple[PlannedFoundation, ...]:
    """The foundations of every provider in use; the environment's settings are its first provider's."""
    found: list[PlannedFoundation] = []
    for index, (name, provider) in enumerate(providers.items()):
        given = loaded.stack.environments[environment].settings if index == 0 else {}
        settings = _settings(name, provider, dict(given), environment, findings)
        if settings is None:
            continue
        for variable, implementation in provider.foundations.items():
            entry = findings.shelf.implementations[CAPABILITY][implementation]
            fields = entry.implementation.settings.model_fields
            chosen = {key: value for key, value in settings if key in fields}
            if "protect" in fields:
                chosen["protect"] = loaded.stack.environments[environment].protect
            found.append(
                PlannedFoundation(variable, name, entry, entry.implementation.settings.model_validate(chosen))
            )
    return tuple(found)


def _settings(
    name: str, provider: Provider, given: dict[str, object], environment: str, findings: Findings
) -> ProviderSettings | None:
    def place(path: Path) -> Path:
        return ("environments", environment, "settings", *path)

    try:
        return provider.settings.model_validate(given)
    except ValidationError as error:
        findings.add_validation(error, place, f"settings of provider {name}", provider.settings)
        return None
