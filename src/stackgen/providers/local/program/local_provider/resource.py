"""Base of all dynamic providers: it compares old inputs with new ones."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from pulumi.dynamic import DiffResult, ReadResult, ResourceProvider

Properties = dict[str, Any]
GONE = "__gone"


class LocalProvider(ResourceProvider):
    """A provider whose class is importable: the state holds a reference to it, not code."""

    serialize_as_secret_always = False
    replace_on: tuple[str, ...] = ()

    def diff(self, _id: str, olds: Properties, news: Properties) -> DiffResult:
        """Every property that differs; those in `replace_on` need a new resource, the old one gone first.

        Of `news` the engine drops what is None: such a property is not asked for any more.
        """
        changed = differing(olds, {**dict.fromkeys(self.replace_on), **news})
        replaces = [name for name in changed if name in self.replace_on]
        return DiffResult(changes=bool(changed), replaces=replaces, delete_before_replace=True)


def differing(olds: Mapping[str, Any], news: Mapping[str, Any], ignore: Iterable[str] = ()) -> list[str]:
    """Return names of the inputs in `news` whose value differs from `olds`."""
    skipped = {"__provider", *ignore}
    return [name for name, value in news.items() if name not in skipped and not _same(olds.get(name), value)]


def table(props: Mapping[str, Any], name: str) -> dict[str, Any]:
    """Return a property that is a mapping; {} if it is absent."""
    return dict(props.get(name) or {})


def missing_resource() -> ReadResult:
    """Return the result of `read` for a resource that no longer exists: the next update creates it again."""
    return ReadResult(None, {})


def _same(old: Any, new: Any) -> bool:
    """Equal, or one absent and the other empty: the engine drops empty values on the way."""
    return old == new or (not old and not new and (old is None or new is None))
