"""Comparison of two registries: items that differ, and the side that changed them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from stackgen.contracts.copy_notes import Begun
from stackgen.contracts.mlflow.server import Side, digests, origin_of_version, owner_key
from stackgen.contracts.mover import Memory, contains

ADDED_TO = ("run ", "logged-model ", "file ")


def late_items(here: Side, there: Side, settled: Memory | None) -> dict[str, Any]:
    """Return runs with new points at the source, and files that are new or different there.

    The value is the target's content, for a file its SHA-256; None if the target lacks the item.

    settled: digests of the items that were equal when they were last compared; None: only a move writes to the target.
    A file that the target's users have changed or deleted since is left out.
    """
    before, after = here.contents(deep=True), there.contents(deep=True)
    at_source, at_target = digests(before), digests(after)
    known = at_target if settled is None else settled
    files = {
        key
        for key, digest in at_source.items()
        if key.startswith("file ") and at_target.get(key) != digest and at_target.get(key) == known.get(key)
    }
    more = {
        key
        for key, content in before.items()
        if key.startswith("run ") and not contains(after.get(key), content)
        if settled is None or settled.get(key) != at_source[key]
    }
    return {key: after.get(key) for key in files | more if owner_key(key) in after}


def add_unfinished_copy(
    since: Memory, begun: Begun, before: Mapping[str, Any], after: Mapping[str, Any], apart: set[str]
) -> Memory:
    """Add to a memory the items that an unfinished copy has written, and that have not changed since.

    before, after: see `find_conflicting_versions`. apart: its result. An item that was written in part holds nothing
    that the source lacks; runs and logged models only grow.
    """
    items = {key: after[key] for key in begun.open if key in after and key not in apart}
    ours = {
        key: digest
        for key, digest in digests(items).items()
        if digest in begun.open[key]
        or (not key.startswith(ADDED_TO) and key in before and is_part(items[key], before[key]))
    }
    return {**since, **ours}


def is_part(part: Any, whole: Any) -> bool:
    """Return True if `whole` contains all of `part`; an empty text is contained in everything."""
    if isinstance(part, dict) and isinstance(whole, dict):
        less, more = cast(dict[Any, Any], part), cast(dict[Any, Any], whole)
        return all(key in more and is_part(value, more[key]) for key, value in less.items())
    if isinstance(part, list) and isinstance(whole, list):
        few, many = cast(list[Any], part), cast(list[Any], whole)
        return len(few) <= len(many) and all(map(is_part, few, many))
    return part in ("", whole)


def is_newer(key: str, at_target: Mapping[str, str], since: Memory) -> bool:
    """Return True if the target's own users have changed, created or deleted the item. Runs and files only grow."""
    return not key.startswith(ADDED_TO) and at_target.get(key) != since.get(key)


def find_conflicting_versions(before: Mapping[str, Any], after: Mapping[str, Any], since: Memory) -> set[str]:
    """Return versions, and aliases of them, that both sides have created with the same number since the last copy.

    before, after: contents of the items of the source and of the target. Two versions conflict if they were created
    from different files.
    """
    apart = {
        key
        for key, content in before.items()
        if key.startswith("version ") and key not in since
        if key in after and origin_of_version(after[key]) != origin_of_version(content)
    }
    versions = {key.removeprefix("version ") for key in apart}
    aliases = {
        key: f"{key.removeprefix('alias ').rpartition('@')[0]} {before[key]}"
        for key in before
        if key.startswith("alias ")
    }
    return apart | {key for key, version in aliases.items() if version in versions}


def find_conflicting_changes(before: Mapping[str, Any], after: Mapping[str, Any], since: Memory) -> set[str]:
    """Return items that both sides have changed since, unless the target holds the source's change too.

    Runs, logged models and files are left out: they only grow. before, after: see `find_conflicting_versions`.
    """
    both = [key for key in before if key in after and key in since and not key.startswith(ADDED_TO)]
    at_source = digests({key: before[key] for key in both})
    at_target = digests({key: after[key] for key in both})
    return {
        key
        for key in both
        if since[key] not in (at_source[key], at_target[key]) and not is_part(before[key], after[key])
    }


def list_target_changes(at_target: Mapping[str, str], since: Memory | None) -> set[str]:
    """Return items that the target's own users have changed or created: nothing is removed from these."""
    return {key for key, digest in at_target.items() if since is not None and since.get(key) != digest}
