"""Which items of two registries differ, and whose change is the later one."""

from __future__ import annotations

from collections.abc import Mapping

from stackgen.moving.mlflow_side import Side, digests, owner
from stackgen.moving.model import Memory, holds

ADDED_TO = ("run ", "logged-model ", "file ")


def late_items(here: Side, there: Side, settled: Memory) -> set[str]:
    """Runs and logged models that have got more at the source, and files that are new there.

    A file that the target has already is not among them: it would be written over, whosever it is. Nor is one that was
    there when both were last proven to be alike: the target's users have deleted it.
    """
    before, after = here.contents(deep=True), there.contents(deep=True)
    at_source = digests(before)
    new = {key for key in before if key.startswith("file ") and key not in after and key not in settled}
    more = {
        key
        for key, content in before.items()
        if key.startswith(("run ", "logged-model ")) and not holds(after.get(key), content)
        if settled.get(key) != at_source[key]
    }
    return {key for key in new | more if owner(key) in after}


def is_newer(key: str, at_target: Mapping[str, str], since: Memory) -> bool:
    """Whether the target's own users have changed, made or deleted the item. Runs and files are only added to."""
    return not key.startswith(ADDED_TO) and at_target.get(key) != since.get(key)


def touched_items(at_target: Mapping[str, str], since: Memory | None) -> set[str]:
    """Items that the target's own users have changed or made: from these nothing is taken away."""
    return {key for key, digest in at_target.items() if since is not None and since.get(key) != digest}
