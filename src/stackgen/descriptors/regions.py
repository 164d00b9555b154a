"""A provider's table of regions: a dated file next to its descriptor, read when a plan first needs it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

SETTING = "region_check"


@dataclass(frozen=True)
class RegionTable:
    """A provider's regions.yaml, next to its descriptor: `checked` (date), `source`, `regions` (name → residencies)."""

    path: Path

    @cached_property
    def _table(self) -> Mapping[str, Any]:
        import yaml

        return yaml.safe_load(self.path.read_bytes())

    @property
    def checked(self) -> str:
        """The day on which the table was compared with its source, ISO 8601."""
        return str(self._table["checked"])

    @property
    def names(self) -> tuple[str, ...]:
        """Names of all regions, in the order of the table."""
        return tuple(self._table["regions"])

    def geographies(self, region: str) -> frozenset[str]:
        """Residencies that hold in a region, such as eu; none for one that is not in the table."""
        return frozenset(self._table["regions"].get(region, ()))


def load_region_table(descriptor: str) -> RegionTable:
    """Return the region table next to a provider's descriptor. descriptor: the descriptor's `__file__`."""
    return RegionTable(Path(descriptor).with_name("regions.yaml"))
