"""Deployed resources that hold data, and the component that each of them belongs to."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from stackgen.catalog.shelf import Shelf
    from stackgen.planning.model import Plan

COMPONENT_TYPE_PREFIX = "stackgen:"  # how types of component resources begin
STACK_TYPE = "pulumi:pulumi:Stack"


class StateResource(Protocol):
    """Attributes of a resource of the state that are read."""

    @property
    def urn(self) -> str: ...
    @property
    def type(self) -> str: ...
    @property
    def name(self) -> str: ...
    @property
    def id(self) -> str: ...
    @property
    def outputs(self) -> dict[str, Any]: ...
    @property
    def parent(self) -> str: ...
    @property
    def protected(self) -> bool: ...


@dataclass(frozen=True)
class DataTypes:
    """Endings of resource types. holding: data goes with them. lasting: data can't be used without them."""

    holding: tuple[str, ...]
    lasting: tuple[str, ...]


@dataclass(frozen=True)
class DataResource:
    """A resource with data. owner: name of its component; kind: that component's type. place: where the data is.

    folder: the same on this machine, "" elsewhere.
    """

    urn: str
    type: str
    name: str
    owner: str
    kind: str
    place: str
    protected: bool
    folder: str = ""


@dataclass(frozen=True)
class DeployedData:
    """Data of one deployment: resources with data, and per owner what the data can't be used without."""

    resources: Mapping[str, DataResource] = field(default_factory=dict[str, DataResource])  # URN -> resource
    belongings: Mapping[str, tuple[str, ...]] = field(default_factory=dict[str, tuple[str, ...]])
    tops: Mapping[str, str] = field(
        default_factory=dict[str, str]
    )  # URN -> name of its component or foundation
    components: frozenset[str] = frozenset()  # names of every deployed component

    @property
    def owners(self) -> tuple[str, ...]:
        """Components with data, in order of creation."""
        return tuple(dict.fromkeys(item.owner for item in self.resources.values()))

    @property
    def is_remote(self) -> bool:
        """True if any data is elsewhere than in a folder of this machine."""
        return any(not item.folder for item in self.resources.values())

    def of(self, owner: str) -> tuple[DataResource, ...]:
        """The data of one component."""
        return tuple(item for item in self.resources.values() if item.owner == owner)

    def match(self, urn: str, type_: str, name: str) -> DataResource | None:
        """The resource with data that an operation is on; under an alias it has another URN than in the state."""
        found = self.resources.get(urn)
        return found or next((h for h in self.resources.values() if (h.type, h.name) == (type_, name)), None)

    def places(self, owner: str) -> str:
        """Locations of a component's data, for people."""
        return "; ".join(item.place for item in self.of(owner))


def data_types(shelf: Shelf) -> DataTypes:
    """The types of every provider: what is deployed may be on one that the spec no longer names."""
    providers = [shelf.provider(name) for name in shelf.provider_folders]
    return DataTypes(
        tuple(ending for provider in providers for ending in provider.holding),
        tuple(ending for provider in providers for ending in provider.lasting),
    )


def find_data(resources: Sequence[StateResource], known: DataTypes) -> DeployedData:
    """Find the deployed resources that hold data."""
    by_urn = {item.urn: item for item in resources}
    held: dict[str, DataResource] = {}
    belongings: dict[str, list[str]] = {}
    tops: dict[str, str] = {}
    for item in resources:
        top = _top(item, by_urn)
        tops[item.urn] = top.name
        if item.type.endswith(known.holding):
            held[item.urn] = DataResource(
                item.urn,
                item.type,
                item.name,
                top.name,
                top.type,
                _place(item),
                item.protected,
                _folder(item),
            )
        if item.type.endswith((*known.holding, *known.lasting)):
            belongings.setdefault(top.name, []).append(item.urn)
    boxes = frozenset(
        item.name
        for item in resources
        if _at_top(item, by_urn) and item.type.startswith(COMPONENT_TYPE_PREFIX)
    )
    return DeployedData(held, {name: tuple(urns) for name, urns in belongings.items()}, tops, boxes)


def resource_names(plan: Plan) -> frozenset[str]:
    """Names of all components and foundations among resources."""
    return frozenset(item.resource for item in plan.all_components) | plan.foundation_names


def rename_hints(plan: Plan, data: DeployedData, owners: Iterable[str]) -> list[tuple[str, str]]:
    """(old, new) for every component that may be one of `owners`, whose component is gone, under a new name."""
    kinds = {item.owner: item.kind for item in data.resources.values()}
    fresh = [item for item in plan.components if item.resource not in data.components]
    return [
        (owner, item.name)
        for owner in owners
        for item in fresh
        if kinds[owner] == f"{COMPONENT_TYPE_PREFIX}{item.capability}:{item.entry.class_name}"
    ]


def _top(item: StateResource, by_urn: Mapping[str, StateResource]) -> StateResource:
    """The resource right below the stack that `item` is in, or is."""
    while not _at_top(item, by_urn):
        item = by_urn[item.parent]
    return item


def _at_top(item: StateResource, by_urn: Mapping[str, StateResource]) -> bool:
    parent = by_urn.get(item.parent)
    return parent is None or parent.type == STACK_TYPE


def _place(item: StateResource) -> str:
    """Where the data is: its folder, or its type and identifier."""
    if folder := _folder(item):
        return f"folder {folder}"
    return f"{item.type.rpartition(':')[2]} {item.id or item.name} ({item.type.partition(':')[0]})"


def _folder(item: StateResource) -> str:
    folder = item.outputs.get("path")
    return folder if item.type.endswith("local:DataDirectory") and isinstance(folder, str) else ""
