"""Moves registries: experiments, runs, logged models, versions, aliases and artifacts, by the mlflow client.

https://mlflow.org/docs/latest/rest-api.html; applications use the same client, so it can connect to every server.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from stackgen.contracts.copy_notes import Begun
from stackgen.contracts.mlflow.changes import (
    ADDED_TO,
    add_unfinished_copy,
    find_conflicting_changes,
    find_conflicting_versions,
    is_newer,
    late_items,
    list_target_changes,
)
from stackgen.contracts.mlflow.contract import MlflowBinding
from stackgen.contracts.mlflow.run_copies import RegistryCopy
from stackgen.contracts.mlflow.server import (
    ORIGIN,
    Side,
    digests,
    owner_key,
    use_quiet_client,
)
from stackgen.contracts.mover import (
    Comparison,
    Memory,
    Mover,
    Part,
    Progress,
    contains,
    describe_items_that_stay,
    move_error,
)

_PASSWORD = re.compile(r"(?<=://)[^/@\s]+@")


@contextmanager
def _talking() -> Iterator[None]:
    from mlflow.exceptions import MlflowException

    with use_quiet_client():
        try:
            yield
        except (MlflowException, OSError) as error:  # what requests raises is of the latter kind
            raise move_error(_PASSWORD.sub("", " ".join(str(error).split()))[:300]) from None


def _sides(source: MlflowBinding, target: MlflowBinding) -> tuple[Side, Side]:
    """Return both servers; raises StackgenError(move-failed) for items and addresses that a move refuses."""
    here, there = Side(source), Side(target)
    for side in (here, there):
        side.refuse_elsewhere()
    here.refuse_left()
    return here, there


def copy_registry(
    source: MlflowBinding,
    target: MlflowBinding,
    since: Memory | None,
    progress: Progress,
    *,
    serves: bool = False,
    used: bool = False,
    begun: str | None = None,
) -> Memory:
    """Make the target hold what the source holds; see `Mover`.

    Runs and logged models that users of the target have changed only grow. Other items that both sides have changed, or
    created with the same name, are not copied: `compare_registries` names them.
    """
    with _talking():
        here, there = _sides(source, target)
        before, after = here.contents(), there.contents()
        at_source, at_target = digests(before), digests(after)
        apart, log = set[str](), Begun(begun)
        if used and since is not None:
            apart = find_conflicting_versions(before, after, since)
            since = add_unfinished_copy(since, log, before, after, apart)
            apart |= find_conflicting_changes(before, after, since)
        changed = {key for key, digest in at_source.items() if at_target.get(key) != digest} - apart
        gone = {key for key in at_target if key not in at_source}
        if since is not None:
            changed = {
                key
                for key in changed
                if since.get(key) != at_source[key] and not (used and is_newer(key, at_target, since))
            }
            gone = {key for key in gone if key in since and at_target[key] == since[key]}
        if serves and gone:
            progress(describe_items_that_stay("items", sorted(gone)))
            gone = set[str]()
        touched = list_target_changes(at_target, since) if used else set[str]()
        if used:
            log.begin({key: at_source[key] for key in changed})
        for name in RegistryCopy(here, there, touched, used).bring(changed, gone):
            progress(f"experiment '{name}' was deleted, and is restored: an item of it was written late")
        sent = {key for key in changed - touched if not (used and key.startswith(ADDED_TO))}
        _refuse_otherwise(source, target, sent, at_source)
        if changed or gone:
            progress(f"copied {_counted(changed)}, removed {len(gone)}")
        as_before = {key: digest for key, digest in (since or {}).items() if key in apart}
        return {**{key: digest for key, digest in at_source.items() if key not in apart}, **as_before}


def copy_late_items(
    source: MlflowBinding, target: MlflowBinding, settled: Memory | None, progress: Progress
) -> None:
    """Copy points and files of runs and logged models that no search returns; see `Mover`."""
    with _talking():
        here, there = _sides(source, target)
        late = late_items(here, there, settled)
        RegistryCopy(here, there, set(), used=True).bring_late(late)
        if late:
            progress(f"copied {_counted({*late})}")


def compare_registries(
    source: MlflowBinding, target: MlflowBinding, since: Memory | None, settled: Memory | None = None
) -> Comparison:
    """Compare all items, artifacts by content; with `since`, leave out what the target's users have changed."""
    with _talking():
        here, there = _sides(source, target)
        before, after = here.contents(deep=True), there.contents(deep=True)
        at_source, at_target = digests(before), digests(after)
        apart = _apart(before, after, since)
        shallow = Side(target).items() if since is not None else {}
        if since is not None:  # what has been written to the source since is for the next copy
            now = Side(source).items()
            still = {key for key in since if since[key] == now.get(key)}
            at_source = {k: digest for k, digest in at_source.items() if owner_key(k) in still or k in apart}
    newer = {
        key
        for key, digest in at_source.items()
        if since and at_target.get(key) != digest and key not in apart
        if is_newer(key, shallow, since)
        or (settled and settled.get(key) == digest)
        or (key.startswith(ADDED_TO) and contains(after.get(key), before[key]))
    }
    kinds: dict[str, list[str]] = {}
    for key in sorted(at_source):
        if key not in newer:
            kinds.setdefault(key.split(" ", 1)[0], []).append(key)
    parts = [
        Part(
            f"{kind}s".replace("aliass", "aliases"),
            len(keys),
            sum(at_source[key] == at_target.get(key) for key in keys),
            _total(keys, at_source),
            _total(keys, at_target),
        )
        for kind, keys in kinds.items()
    ]
    differing = [key for key in at_source if key not in newer and at_target.get(key) != at_source[key]]
    alike = {key: digest for key, digest in at_source.items() if at_target.get(key) == digest}
    return Comparison(tuple(parts), newer=len(newer), alike=alike, differing=tuple(differing))


def _apart(before: Mapping[str, Any], after: Mapping[str, Any], since: Memory | None) -> set[str]:
    """Return items that both sides have changed in different ways since."""
    if since is None:
        return set()
    return find_conflicting_versions(before, after, since) | find_conflicting_changes(before, after, since)


def first_item(binding: MlflowBinding) -> str:
    """Name one item of the registry; "" if there is none. The experiment `Default` exists on every server."""
    with _talking():
        side = Side(binding)
        for kind, found in (
            ("registered model", side.registered),
            ("experiment", {name: item for name, item in side.experiments.items() if name != "Default"}),
            ("run", side.runs),
            ("logged model", side.models),
        ):
            if found:
                return f"{kind} '{next(iter(found))}'"
    return ""


def count_items(binding: MlflowBinding) -> dict[str, int]:
    """Return the number of experiments, runs, logged models, registered models and versions."""
    with _talking():
        side = Side(binding)
        return {
            "experiments": len(side.experiments),
            "runs": len(side.runs),
            "logged models": len(side.models),
            "registered models": len(side.registered),
            "versions": len(side.versions),
        }


def _refuse_otherwise(
    source: MlflowBinding, target: MlflowBinding, changed: set[str], at_source: Mapping[str, str]
) -> None:
    """Raise StackgenError(move-failed) for an item that the target changed when it stored it.

    Later that would look like a change by the target's own users. The next copy takes what the source has changed
    meanwhile.
    """
    if not changed:
        return
    at_target = Side(target).items()
    differing = {key for key in changed if at_target.get(key) != at_source[key]}
    now = Side(source).items() if differing else {}
    for key in sorted(differing):
        if now.get(key) == at_source[key]:
            raise move_error(f"not moved: {key}: the new box does not hold it as the old one does")


def _counted(keys: set[str]) -> str:
    kinds = Counter(key.split(" ", 1)[0] for key in keys)
    return ", ".join(f"{count} {kind}" for kind, count in sorted(kinds.items())) or "nothing"


def _total(keys: list[str], items: Mapping[str, str]) -> str:
    return hashlib.sha256(json.dumps([items.get(key) for key in keys]).encode()).hexdigest()


MOVER = Mover(
    tool="the mlflow client",
    carries=(
        "experiments with all tags",
        "runs with params, metric histories, tags, artifacts, the datasets and logged models they read or made",
        "logged models with their metrics",
        "registered models, versions with their numbers, stages and links, aliases",
    ),
    leaves=(
        f"identifiers of runs and logged models (new ones are given; the first is in the tag {ORIGIN})",
        "when and by whom things were made and changed (times of runs and the tag mlflow.user go along)",
        "where experiments keep their files",
        "status messages, deployment jobs",
        "traces and how far scorers have come with them",
        "other workspaces",
        "what is deleted but not purged",
        "users and permissions",
        "prompts, evaluation datasets, scorers, review queues, webhooks, MCP servers, what its gateway has "
        "(any of these stops the move)",
        "label schemas, issues",
        "files that the server does not serve itself (a run, logged model or version with any stops the move)",
    ),
    copy=copy_registry,
    copy_late=copy_late_items,
    compare=compare_registries,
    first_item=first_item,
    amounts=count_items,
)
