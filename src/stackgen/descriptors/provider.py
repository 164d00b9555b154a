"""Types that describe providers. Plain data: importing this module loads no SDK."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from pydantic import BaseModel, ConfigDict

from stackgen.descriptors.regions import RegionTable


class ProviderSettings(BaseModel):
    """Base of an environment's `settings:`. Unknown keys are errors; every field has a description."""

    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True)


@dataclass(frozen=True, kw_only=True)
class Provider:
    """A place where components run. Its identity is its folder.

    foundations: variable name in the program → implementation id of capability `foundation`; each of the
    provider's components receives them as arguments of these names. requirements: PyPI ranges that every
    program on this provider needs. state_is_personal: the Pulumi stack's state and settings belong to one
    machine, so `Pulumi.<environment>.yaml` is left to Pulumi and kept out of version control.
    transient: suffixes of the resource types that `down` removes while data is kept; () if `down` removes everything.
    lasting: suffixes of the types that hold data, or without which data can't be used.
    holding: suffixes of the types whose deletion deletes data: `up` deletes or replaces such a resource only if the
    user names it. packages: Pulumi packages whose default providers are switched off; every component gets the first
    foundation's `providers`.
    workloads: True if the first foundation makes an identity per component (`workload(name)`); the components that it
    calls admit this identity as one of `callers`. regions: its table of regions; None if it has none.
    named: True if resources have fixed names, so that resources of another implementation of a component replace those
    of the first one: components then name the resources they might replace (aliases).
    placed: True if names and folders depend on component and box number alone, so that another implementation needs
    another box number, or it would use the data of the first one.
    reaches: other providers to whose components those of this provider can connect; None if there is no restriction.
    """

    description: str
    settings: type[ProviderSettings] = ProviderSettings
    requirements: tuple[str, ...] = ()
    foundations: dict[str, str] = field(default_factory=dict[str, str])
    state_is_personal: bool = False
    transient: tuple[str, ...] = ()
    lasting: tuple[str, ...] = ()
    holding: tuple[str, ...] = ()
    packages: tuple[str, ...] = ()
    workloads: bool = False
    named: bool = False
    placed: bool = False
    reaches: tuple[str, ...] | None = None
    regions: RegionTable | None = None
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Status:
    """The running parts of an environment, for people (header, rows, summary) and for programs (items).

    fault: a clause that says what is wrong with the whole environment; another `up` repairs it.
    """

    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    items: tuple[dict[str, Any], ...]
    summary: str
    fault: str = ""
