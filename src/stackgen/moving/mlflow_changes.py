"""Which items of two registries differ, and whose change is the later one."""

from __future__ import annotations

from collections.abc import Mapping

from stackgen.moving.mlflow_side import Side, digests, owner
from stackgen.moving.model import Memory, holds

ADDED_TO = ("run ", "logged-model ", "file ")


def late_items(here: Side, there: Side, settled: Memory | None) -> set[str]:
    """Runs and logged models that have got more at the source, and files that are new or others there.

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
        if key.startswith(("run ", "logged-model ")) and not holds(after.get(key), content)
        if settled is None or settled.get(key) != at_source[key]
    }
    return {key for key in files | more if owner(key) in after}


def is_newer(key: str, at_target: Mapping[str, str], since: Memory) -> bool:
    """Whether the target's own users have changed, made or deleted the item. Runs and files are only added to."""
    return not key.startswith(ADDED_TO) and at_target.get(key) != since.get(key)


def touched_items(at_target: Mapping[str, str], since: Memory | None) -> set[str]:
    """Items that the target's own users have changed or made: from these nothing is taken away."""
    return {key for key, digest in at_target.items() if since is not None and since.get(key) != digest}
