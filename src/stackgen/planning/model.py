"""The plan: who provides each component, with which settings, wired to what, in which order."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from stackgen.catalog.shelf import Entry
from stackgen.descriptors.model import CapabilityOptions, Implementation, ImplementationSettings

if TYPE_CHECKING:
    from stackgen.spec.stack import Stack


@dataclass(frozen=True)
class Reference:
    """Components that one option of a component names.

    many: the option is a list. waits: it needs them running. contracts: those it connects through; () for any.
    reads: it is given their bindings for reading only. into: the option of its component that has them too.
    """

    names: tuple[str, ...]
    many: bool
    waits: bool
    contracts: tuple[str, ...] = ()
    reads: bool = False
    into: str | None = None

    def connects(self, target: PlannedComponent) -> bool:
        """True if the component opens connections to `target`, which it names."""
        return not self.contracts or any(name in target.implementation.kept for name in self.contracts)


@dataclass(frozen=True)
class PlannedComponent:
    """One component, resolved."""

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
    served_by: str | None = None  # the component that speaks its contract for it
    replaces: tuple[Entry, ...] = ()  # implementations whose resources its own would take the place of
    behind: Mapping[str, str] = field(default_factory=dict[str, str])  # component it names → who serves that
    behind_lacks: Mapping[str, Mapping[str, str]] = field(
        default_factory=dict[str, Mapping[str, str]]
    )  # contract → clause → why those whose answers it passes on don't keep it
    instead_of: Mapping[str, str] = field(
        default_factory=dict[str, str]
    )  # implementation that the provider would have been asked for → why it can't serve this
    box: int = 1  # identity among the component's boxes, which never changes
    renamed_from: str | None = None  # the name it was first deployed under, if that is another one

    @property
    def implementation(self) -> Implementation:
        """Descriptor of the chosen implementation."""
        return self.entry.implementation

    @property
    def kept(self) -> Mapping[str, tuple[str, ...]]:
        """Contract → clauses it keeps as it is set."""
        keeps, lacks = self.implementation.keeps(self._deciding), self.behind_lacks
        if not lacks:
            return keeps
        return {
            name: tuple(c for c in clauses if c not in lacks.get(name, ())) for name, clauses in keeps.items()
        }

    @property
    def not_kept(self) -> Mapping[str, Mapping[str, str]]:
        """Contract → clause → why it doesn't keep it as it is set."""
        lacks = self.implementation.lacks(self._deciding)
        if not self.behind_lacks:
            return lacks
        names = dict.fromkeys((*lacks, *self.behind_lacks))
        return {name: {**lacks.get(name, {}), **self.behind_lacks.get(name, {})} for name in names}

    @property
    def _deciding(self) -> Mapping[str, Any]:
        """Settings that decide what is kept, if any do."""
        return dict(self.settings) if self.implementation.kept_with else {}

    @property
    def resource(self) -> str:
        """Name among resources: the one under which the component was first deployed, numbered as `label`."""
        return resource_label(self.renamed_from or self.name, self.box)

    @property
    def label(self) -> str:
        """Name in the program: the component's, with its box number appended unless that is 1."""
        return resource_label(self.name, self.box)

    def only_reads(self, other: str) -> bool:
        """True if it names another component for reading only."""
        return any(reference.reads and other in reference.names for reference in self.references.values())

    @property
    def waits_for(self) -> tuple[str, ...]:
        """Components that must be there before this one is created, in spec order of mention."""
        referred = (name for ref in self.references.values() if ref.waits for name in ref.names)
        return self._with_servers(referred)

    @property
    def mentions(self) -> tuple[str, ...]:
        """Every component this one names, waiting for it or not."""
        return self._with_servers(name for ref in self.references.values() for name in ref.names)

    def _with_servers(self, names: Iterable[str]) -> tuple[str, ...]:
        found = [*names, *self.depends_on]
        return tuple(dict.fromkeys((*found, *(self.behind[name] for name in found if name in self.behind))))


def resource_label(name: str, box: int) -> str:
    """A component's name with its box number appended, unless that is 1."""
    return name if box == 1 else f"{name}-{box}"


@dataclass(frozen=True)
class PlannedFoundation:
    """Foundation of a provider's components, added by the planner.

    configured: settings that the program reads from Pulumi's configuration.
    """

    name: str
    provider: str
    entry: Entry
    settings: ImplementationSettings
    configured: tuple[str, ...] = ()
    workloads: bool = False
    explicit: bool = False


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
    packages: tuple[str, ...]
    notes: tuple[str, ...]
    warnings: tuple[str, ...]
    spec_path: Path
    spec_digest: str
    second_boxes: tuple[PlannedComponent, ...] = ()  # second boxes, which serve no clients
    name_warnings: tuple[str, ...] = ()  # sentences about names that a new deployment could not have

    @property
    def all_components(self) -> tuple[PlannedComponent, ...]:
        """Every component: those that serve in order of creation, then second boxes."""
        return (*self.components, *self.second_boxes)

    @cached_property
    def egress(self) -> Mapping[str, str]:
        """Resource name of a component → why it may connect to the internet; of providers that deny it to others."""
        given = (getattr(foundation.settings, "egress", None) or {} for foundation in self.foundations)
        return {name: why for one in given for name, why in one.items()}

    @cached_property
    def by_name(self) -> Mapping[str, PlannedComponent]:
        """Components by name."""
        return {component.name: component for component in self.components}

    @cached_property
    def foundation_names(self) -> frozenset[str]:
        """Names of all foundations."""
        return frozenset(foundation.name for foundation in self.foundations)

    def callers(self, name: str) -> tuple[PlannedComponent, ...]:
        """Components that connect to `name` themselves: who names it, or what it serves."""
        served_by = self.by_name[name].served_by
        return (self.by_name[served_by],) if served_by is not None else self._callers.get(name, ())

    @cached_property
    def _callers(self) -> Mapping[str, tuple[PlannedComponent, ...]]:
        """Component → those that connect to it; nothing for one that another speaks for."""
        found: dict[str, dict[str, PlannedComponent]] = {}
        for item in self.components:
            for reference in item.references.values():
                for target in (self.by_name[name] for name in reference.names):
                    if reference.connects(target):
                        found.setdefault(target.name, {})[item.name] = item
                    if target.served_by is not None and not reference.contracts:
                        found.setdefault(target.served_by, {})[item.name] = item
        return {
            name: tuple(item for caller, item in callers.items() if caller != name)
            for name, callers in found.items()
        }

    @property
    def program_folder(self) -> Path:
        """Default folder of the program: beside the spec, named after the environment."""
        return self.spec_path.parent / self.environment
