"""What a provider says of itself. Plain data: importing this loads no SDK."""

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
    """A place where boxes live. Its identity is its folder.

    foundations: variable name in the program → implementation id of capability `foundation`; each of the
    provider's components receives them as arguments of these names. requirements: PyPI ranges every
    program on this provider needs. state_is_personal: the Pulumi stack's state and settings belong to one
    machine, so `Pulumi.<environment>.yaml` is left to Pulumi and kept out of version control. transient:
    endings of the resource types that `down` removes while data is kept; () where `down` removes everything.
    lasting: endings of the types that hold data or what data can't be used without. holding: endings of the types
    with which data itself goes: `up` deletes or replaces none of them without a word that names it. packages:
    Pulumi packages whose default providers are switched off; the first foundation's `providers` are handed to
    every component.
    workloads: whether the first foundation makes an identity per component (`workload(name)`), which what
    it calls then admits as `callers`. regions: its table of regions; None where it has none.
    named: whether resources have fixed names, so that those of another implementation of a component take the
    place of the first's: components then say which they might replace (aliases).
    placed: whether names and folders are given by component and box alone, so that another implementation needs
    another box number, or it would meet the first one's data.
    reaches: other providers whose components those of this one can connect to; None where nothing is in the way.
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
    """What runs for an environment, for people (header, rows, summary) and for programs (items).

    fault: what is wrong with it as a whole, in a clause; another `up` puts it right.
    """

    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    items: tuple[dict[str, Any], ...]
    summary: str
    fault: str = ""
