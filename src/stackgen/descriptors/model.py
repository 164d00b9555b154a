"""Types that describe capabilities and implementations. Plain data: importing this module loads no SDK."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

from stackgen.descriptors.properties import Properties

Level = Literal["saas", "managed", "self-hosted", "bare"]
Maturity = Literal["stable", "beta", "experimental"]
Size = Literal["small", "medium", "large"]
Billing = Literal["per-use", "always-on", "own-machines"]


class ImplementationSettings(BaseModel):
    """Base of every implementation's `settings:`. Unknown keys are errors; every field has a description."""

    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True)


class CapabilityOptions(BaseModel):
    """Base of a capability's own spec fields (beside the ones every component has)."""

    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True)


@dataclass(frozen=True, slots=True)
class Refers:
    """Annotation of an option that names other components.

    capabilities: capabilities of the components it may name (empty: any). waits: True if they must run before this
    component is created; False if it only needs their bindings. contracts: contracts it connects through (empty: any).
    reads: it gets their `readers`, if they have any, instead of their `bindings`. into: the option in which the
    component gets them, in addition to those that this option names itself.
    """

    capabilities: tuple[str, ...] = ()
    waits: bool = True
    contracts: tuple[str, ...] = ()
    reads: bool = False
    into: str | None = None


@dataclass(frozen=True, slots=True)
class SourceFolder:
    """Annotation of an option that names a folder of the user, relative to the spec file."""


@dataclass(frozen=True, slots=True)
class ForStackgen:
    """Annotation of an option or setting for stackgen alone. It is not written into the program."""


@dataclass(frozen=True, slots=True)
class FromConfiguration:
    """Annotation of a foundation's setting that the program reads from Pulumi's configuration.

    A value in the spec becomes the configuration's default; without one `pulumi` asks for it.
    """


@dataclass(frozen=True, slots=True)
class NamesRegion:
    """Annotation of an implementation's setting that names a region of its provider, or one of `others`."""

    others: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Place:
    """The place in which an implementation would run.

    geographies: residencies that hold in `region`, such as eu. settings: settings of the provider in the environment.
    """

    region: str | None = None
    geographies: frozenset[str] = frozenset()
    residency: str | None = None
    today: date = date.min
    settings: Mapping[str, Any] = field(default_factory=dict[str, Any], compare=False)


@dataclass(frozen=True, kw_only=True)
class Capability:
    """A kind of component: the contracts through which it is used, and the options it takes.

    answers_by: for a component that forwards requests, groups of components. A request to the component's own name goes
    to the first group that speaks the contract, to each of its members in turn.
    limits: contract → clause → the reason why no implementation keeps it with these options, such as vectors that are
    too long.
    """

    description: str
    contracts: tuple[str, ...]
    options: type[CapabilityOptions] = CapabilityOptions
    answers_by: Callable[[Any], Sequence[Sequence[str]]] | None = None
    limits: Callable[[Any], Mapping[str, Mapping[str, str]]] | None = None
    internal: bool = False  # foundations are added by the planner, never written in a spec


@dataclass(frozen=True, kw_only=True)
class Implementation:
    """One way to provide a capability. Its identity is its folder, so it is not repeated here.

    kept: contract → clauses kept. not_kept: contract → clause → why not (with a source where it has one).
    kept_with: contract → clause of not_kept → the setting with which it is kept after all.
    sizes: size → settings that the size stands for. requirements: PyPI ranges of packages that component.py imports
    in addition to its provider's requirements. refuses: capability option → the reason why it is not supported.
    parts: suffix of names that belong to a component, such as those of a second server, a password or a log →
    capabilities whose components must not have a name with this suffix, since both would use the same resource; () for
    all. Parts of a foundation are whole names, which no component of its provider can have.
    check: returns a sentence about what is wrong with options and settings taken together, or None.
    offers: returns the reason why it can't serve a component's options and settings in a place, or None; called
    before it is chosen. resolve: settings that follow from options and place, such as a model's identifier.
    warns: returns a warning about what will soon be wrong, or None.
    internet: returns the reason why it opens connections to the internet, or None.
    reached_through: the capability that speaks its contract for it.
    maturity: the maturity it claims; shown only once a recorded run has measured it, `unproven` until then.
    properties: security, backup and availability, each with a sentence; foundations have none.
    billing: per-use (an unused component costs nothing but storage), always-on (it costs something as long as it is
    up) or own-machines (it runs on machines that exist already). gpu: True if every size of it needs GPUs.
    readers: True if its component has `readers`, bindings with credentials that change nothing.
    """

    description: str
    level: Level
    settings: type[ImplementationSettings] = ImplementationSettings
    sizes: dict[str, dict[str, Any]] = field(default_factory=dict[str, dict[str, Any]])
    kept: dict[str, tuple[str, ...]] = field(default_factory=dict[str, tuple[str, ...]])
    not_kept: dict[str, dict[str, str]] = field(default_factory=dict[str, dict[str, str]])
    kept_with: dict[str, dict[str, str]] = field(default_factory=dict[str, dict[str, str]])
    refuses: dict[str, str] = field(default_factory=dict[str, str])
    check: Callable[[CapabilityOptions, ImplementationSettings], str | None] | None = None
    offers: Callable[[CapabilityOptions, Mapping[str, Any], Place], str | None] | None = None
    resolve: Callable[[CapabilityOptions, ImplementationSettings, Place], Mapping[str, Any]] | None = None
    warns: Callable[[CapabilityOptions, ImplementationSettings, Place], str | None] | None = None
    internet: Callable[[ImplementationSettings, Place], str | None] | None = None
    reached_through: str | None = None
    properties: Properties | None = None
    requirements: tuple[str, ...] = ()
    parts: Mapping[str, tuple[str, ...]] = field(default_factory=dict[str, tuple[str, ...]])
    billing: Billing | None = None
    gpu: bool = False
    readers: bool = False
    licence: str = ""
    maturity: Maturity = "stable"
    default: bool = False  # the one its provider picks when a spec names only the provider
    notes: tuple[str, ...] = ()

    def keeps(self, settings: Mapping[str, Any]) -> Mapping[str, tuple[str, ...]]:
        """Contract → clauses kept with these settings."""
        if not self.kept_with:
            return self.kept
        gained = {
            name: tuple(clause for clause, setting in clauses.items() if settings.get(setting))
            for name, clauses in self.kept_with.items()
        }
        return {name: (*clauses, *gained.get(name, ())) for name, clauses in self.kept.items()}

    def lacks(self, settings: Mapping[str, Any]) -> Mapping[str, Mapping[str, str]]:
        """Contract → clause → why it is not kept with these settings."""
        if not self.kept_with:
            return self.not_kept
        kept = self.keeps(settings)
        return {
            name: {clause: why for clause, why in clauses.items() if clause not in kept.get(name, ())}
            for name, clauses in self.not_kept.items()
        }
