"""Which items of two registries differ, and whose change is the later one."""

from __future__ import annotations

from collections.abc import Mapping

from stackgen.moving.mlflow_side import Side, owner
from stackgen.moving.model import Memory

ADDED_TO = ("run ", "logged-model ", "file ")


def late_items(here: Side, there: Side, settled: Memory) -> set[str]:
    """Runs, logged models and files of them that the target does not hold as the source does.

    A file that the target's own users may have changed since is left alone.
    """
    at_source, at_target = here.items(deep=True), there.items(deep=True)
    differing = {
        key
        for key, digest in at_source.items()
        if key.startswith(ADDED_TO) and at_target.get(key) != digest and owner(key) in at_target
    }
    newer = {key for key in differing if is_newer_file(key, at_target, settled)}
    return differing - newer


def is_newer_file(key: str, at_target: Mapping[str, str], settled: Memory) -> bool:
    """Whether the target has another file there than when it was last looked at, or it was not."""
    return key.startswith("file ") and key in at_target and settled.get(key) != at_target[key]


def is_newer(key: str, at_target: Mapping[str, str], since: Memory) -> bool:
    """Whether the target's own users have changed, made or deleted the item. Runs and files are only added to."""
    return not key.startswith(ADDED_TO) and at_target.get(key) != since.get(key)


def touched_items(at_target: Mapping[str, str], since: Memory | None) -> set[str]:
    """Items that the target's own users have changed or made: from these nothing is taken away."""
    return {key for key, digest in at_target.items() if since is not None and since.get(key) != digest}
