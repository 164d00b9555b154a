"""A component as one environment wants it: the base with the environment's differences laid over it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from stackgen.planning.findings import SpecPath

if TYPE_CHECKING:
    from stackgen.spec.stack import Box, Component, Stack


@dataclass(frozen=True)
class Merged:
    """One component after merging; `override_path` is where the environment's differences stand, if any."""

    name: str
    capability: str
    implementation: str | None
    size: str | None
    needs: tuple[str, ...]
    depends_on: tuple[str, ...]
    options: Mapping[str, Any]
    settings: Mapping[str, Any]
    override_path: SpecPath
    overridden: frozenset[str] = frozenset()
    overridden_settings: frozenset[str] = frozenset()
    overridden_options: frozenset[str] = field(default_factory=frozenset[str])
    box: int = 1
    renamed_from: str | None = None

    @property
    def path(self) -> SpecPath:
        """Path of the component in the spec."""
        return ("components", self.name)

    @property
    def implementation_path(self) -> SpecPath:
        """Path of `implementation:` in the spec."""
        return self._key_path("implementation")

    @property
    def size_path(self) -> SpecPath:
        """Path of `size:` in the spec."""
        return self._key_path("size")

    def setting_path(self, path: SpecPath) -> SpecPath:
        """Path of a setting: in the environment if it is set there, else in the component."""
        base = self.override_path if path and path[0] in self.overridden_settings else self.path
        return (*base, "settings", *path)

    def option_path(self, path: SpecPath) -> SpecPath:
        """Path of a capability's option in the spec."""
        base = self.override_path if path and path[0] in self.overridden_options else self.path
        return (*base, *path)

    def _key_path(self, key: str) -> SpecPath:
        return (*(self.override_path if key in self.overridden else self.path), key)


def merge_components(stack: Stack, environment: str) -> dict[str, Merged]:
    """Every component of the stack as `environment` wants it."""
    overrides = stack.environments[environment].components
    return {
        name: _one(name, component, overrides.get(name), _path(environment, name))
        for name, component in stack.components.items()
    }


def merge_second_boxes(stack: Stack, environment: str) -> dict[str, Merged]:
    """Component → its second box."""
    overrides = stack.environments[environment].components
    return {
        name: _one(name, stack.components[name], override.beside, (*_path(environment, name), "beside"))
        for name, override in overrides.items()
        if override.beside is not None
    }


def _path(environment: str, name: str) -> SpecPath:
    return ("environments", environment, "components", name)


def _one(name: str, component: Component, override: Box | None, path: SpecPath) -> Merged:
    values = override.model_dump(exclude_unset=True, exclude={"beside"}) if override is not None else {}
    options = override.options if override is not None else {}
    box = override.box if override is not None else 1
    return Merged(
        name=name,
        capability=component.capability,
        implementation=values.get("implementation", component.implementation),
        size=values.get("size", component.size),
        needs=tuple(component.needs),
        depends_on=tuple(component.depends_on),
        options={**component.options, **options},
        settings={**(component.settings if box == 1 else {}), **values.get("settings", {})},
        override_path=path,
        overridden=frozenset(values),
        overridden_settings=frozenset(values.get("settings", {})),
        overridden_options=frozenset(options),
        box=box,
        renamed_from=component.renamed_from,
    )
