"""Which items of two registries differ, and whose change is the later one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from stackgen.contracts.copy_notes import Begun
from stackgen.contracts.mlflow.server import Side, digests, made_of, owner
from stackgen.contracts.mover import Memory, holds

ADDED_TO = ("run ", "logged-model ", "file ")


def late_items(here: Side, there: Side, settled: Memory | None) -> dict[str, Any]:
    """Runs that have got more at the source, and files that are new or others there.

    Each with what the target has of it, None where it has nothing: of a file its SHA-256.

    settled: items that were last proven to be alike, as digests; None: nothing but a move writes to the target. A file
    that the target's users have changed or deleted since is not among them.
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
        if key.startswith("run ") and not holds(after.get(key), content)
        if settled is None or settled.get(key) != at_source[key]
    }
    return {key: after.get(key) for key in files | more if owner(key) in after}


def with_begun(
    since: Memory, begun: Begun, before: Mapping[str, Any], after: Mapping[str, Any], apart: set[str]
) -> Memory:
    """What is known, with items that a copy which did not come to its end has written, and that are still so.

    before, after, apart: as for `made_twice`, and what it says. What is there by a half has nothing that the source
    lacks; runs and logged models are only added to.
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
    """Whether `part` says nothing that `whole` does not say too; an empty text says nothing."""
    if isinstance(part, dict) and isinstance(whole, dict):
        less, more = cast(dict[Any, Any], part), cast(dict[Any, Any], whole)
        return all(key in more and is_part(value, more[key]) for key, value in less.items())
    if isinstance(part, list) and isinstance(whole, list):
        few, many = cast(list[Any], part), cast(list[Any], whole)
        return len(few) <= len(many) and all(map(is_part, few, many))
    return part in ("", whole)


def is_newer(key: str, at_target: Mapping[str, str], since: Memory) -> bool:
    """Whether the target's own users have changed, made or deleted the item. Runs and files are only added to."""
    return not key.startswith(ADDED_TO) and at_target.get(key) != since.get(key)


def made_twice(before: Mapping[str, Any], after: Mapping[str, Any], since: Memory) -> set[str]:
    """Versions, and aliases of them, of which each side has made another one by the same number since the last copy.

    before, after: what items of the source and of the target consist of. A version is another one if it was made of
    other files.
    """
    apart = {
        key
        for key, content in before.items()
        if key.startswith("version ") and key not in since
        if key in after and made_of(after[key]) != made_of(content)
    }
    versions = {key.removeprefix("version ") for key in apart}
    aliases = {
        key: f"{key.removeprefix('alias ').rpartition('@')[0]} {before[key]}"
        for key in before
        if key.startswith("alias ")
    }
    return apart | {key for key, version in aliases.items() if version in versions}


def changed_twice(before: Mapping[str, Any], after: Mapping[str, Any], since: Memory) -> set[str]:
    """Items but runs, logged models and files that both sides have changed since, the source not only to what is there.

    before, after: as for `made_twice`.
    """
    both = [key for key in before if key in after and key in since and not key.startswith(ADDED_TO)]
    at_source = digests({key: before[key] for key in both})
    at_target = digests({key: after[key] for key in both})
    return {
        key
        for key in both
        if since[key] not in (at_source[key], at_target[key]) and not is_part(before[key], after[key])
    }


def touched_items(at_target: Mapping[str, str], since: Memory | None) -> set[str]:
    """Items that the target's own users have changed or made: from these nothing is taken away."""
    return {key for key, digest in at_target.items() if since is not None and since.get(key) != digest}
