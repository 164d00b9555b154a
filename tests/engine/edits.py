"""Edits of a spec as people make them, at random."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

NAMES = ("alpha", "beta", "gamma", "delta")
Stores = Mapping[str, Sequence[str]]
STORES: Stores = {
    "vector_store": ("local/postgresql", "local/embedded-postgres"),
    "object_store": ("local/versitygw", "local/seaweedfs", "aws/s3"),
}


EDITS = [
    *("add", "rename", "rename", "rename from", "rename from", "remove", "move", "box", "version", "size"),
    *("protect", "directory", "nothing"),
]


@dataclass
class Component:
    capability: str
    implementation: str
    version: str | None = None
    size: str = "small"
    box: int = 1
    renamed_from: str | None = None


@dataclass
class Spec:
    components: dict[str, Component] = field(default_factory=dict[str, Component])
    protect: bool = False
    directory: str | None = None

    def text(self) -> str:
        lines = [self._component(name, item) for name, item in self.components.items()]
        boxes = ", ".join(
            f"{name}: {{box: {c.box}, implementation: {c.implementation}{self._settings(c)}}}"
            for name, c in self.components.items()
            if c.box != 1
        )
        where = f", settings: {{directory: {self.directory}}}" if self.directory else ""
        aws = any(c.implementation.startswith("aws/") for c in self.components.values())
        other = ", providers: {aws: {account: '123456789012'}}" if aws else ""
        return (
            "apiVersion: stackgen/v1\nname: case\ncomponents:\n"
            + "".join(lines)
            + f"environments:\n  dev: {{provider: local{where}{other}, protect: {str(self.protect).lower()}, "
            + f"components: {{{boxes}}}}}\n"
        )

    def _component(self, name: str, c: Component) -> str:
        renamed = f", renamed_from: {c.renamed_from}" if c.renamed_from else ""
        settings = self._settings(c) if c.box == 1 else ""
        by = f", implementation: {c.implementation}"
        return f"  {name}: {{capability: {c.capability}{by}, size: {c.size}{settings}{renamed}}}\n"

    @staticmethod
    def _settings(c: Component) -> str:
        return f", settings: {{version: '{c.version}'}}" if c.version else ""


def edit(
    spec: Spec,
    chance: random.Random,
    stores: Stores = STORES,
    directories: Sequence[str] = ("/srv/one", "/srv/two"),
) -> None:
    """One of the edits that people make. stores: capability → implementations; directories: where data may be kept."""
    kind = chance.choice(EDITS)
    free = [name for name in NAMES if name not in spec.components]
    name = chance.choice(list(spec.components)) if spec.components else None
    if kind == "protect":
        spec.protect = not spec.protect
    elif kind == "directory":
        spec.directory = chance.choice([None, *directories])
    elif (kind == "add" or name is None) and free:
        capability = chance.choice(list(stores))
        spec.components[chance.choice(free)] = Component(capability, chance.choice(stores[capability]))
    elif name is None:
        return
    elif kind.startswith("rename") and free:
        item, new = spec.components.pop(name), chance.choice(free)
        if kind == "rename from":
            item.renamed_from = item.renamed_from or name
        if item.renamed_from == new:
            item.renamed_from = None
        spec.components[new] = item
    elif kind == "remove" and len(spec.components) > 1:
        del spec.components[name]
    else:
        _change(spec.components[name], kind, chance, stores)


def _change(item: Component, kind: str, chance: random.Random, stores: Stores) -> None:
    if kind == "move":
        item.implementation = chance.choice(stores[item.capability])
        item.version = None
    elif kind == "box":
        item.box = chance.choice([1, 2])
    elif kind == "version" and item.implementation == "local/postgresql":
        item.version = chance.choice([None, "16", "18"])
    elif kind == "size":
        item.size = chance.choice(["small", "medium"])
