"""The plan: who provides each component, with which settings, wired to what, in which order."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from stackgen.catalog.model import CapabilityOptions, Implementation, ImplementationSettings
from stackgen.catalog.shelf import Entry

if TYPE_CHECKING:
    from stackgen.spec.stack import Stack


@dataclass(frozen=True)
class Reference:
    """What one option of a component names. `many`: the option is a list; `waits`: it needs them running."""

    names: tuple[str, ...]
    many: bool
    waits: bool


@dataclass(frozen=True)
class PlannedComponent:
    """One box, resolved."""

    name: str
    capability: str
    entry: Entry
    options: CapabilityOptions
    settings: ImplementationSettings
    size: str | None = None
    needs: tuple[str, ...] = ()
    references: Mapping[str, Reference] = field(default_factory=dict[str, Reference])
    depends_on: tuple[str, ...] = ()
    sources: Mapping[str, Path] = field(default_factory=dict[str, Path])  # option → folder, absolute

    @property
    def implementation(self) -> Implementation:
        """Descriptor of the chosen implementation."""
        return self.entry.implementation

    @property
    def waits_for(self) -> tuple[str, ...]:
        """Components that must be there before this one is created, in spec order of mention."""
        referred = (name for ref in self.references.values() if ref.waits for name in ref.names)
        return tuple(dict.fromkeys((*referred, *self.depends_on)))

    @property
    def mentions(self) -> tuple[str, ...]:
        """Every component this one names, waiting for it or not."""
        referred = (name for ref in self.references.values() for name in ref.names)
        return tuple(dict.fromkeys((*referred, *self.depends_on)))


@dataclass(frozen=True)
class PlannedFoundation:
    """What a provider's components stand on, added by the planner."""

    name: str
    provider: str
    entry: Entry
    settings: ImplementationSettings


@dataclass(frozen=True)
class Plan:
    """One environment of one stack, ready to be rendered. Components are in order of creation."""

    stack: Stack
    environment: str
    provider: str
    foundations: tuple[PlannedFoundation, ...]
    components: tuple[PlannedComponent, ...]
    requirements: tuple[str, ...]
    provider_folders: Mapping[str, Path]
    state_is_personal: bool
    transient: tuple[str, ...]
    lasting: tuple[str, ...]
    notes: tuple[str, ...]
    spec_path: Path
    spec_digest: str

    @property
    def by_name(self) -> Mapping[str, PlannedComponent]:
        """Components by name."""
        return {component.name: component for component in self.components}

    @property
    def program_folder(self) -> Path:
        """Where the program goes unless told otherwise: beside the spec, named after the environment."""
        return self.spec_path.parent / self.environment
