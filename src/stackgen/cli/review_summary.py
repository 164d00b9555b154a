"""Summary of an update in words: counts, removals by component, and the fate of data."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from stackgen.engine.deployment import Outcome, ResourceStep
    from stackgen.engine.reviewing import Review

MAX_NAMED_RESOURCES = 8  # resources named per component
_UNCHANGED_OPERATIONS = ("same", "refresh", "read")
_WORDS = {
    "create-replacement": "replace",
    "delete-replaced": "replace",
    "read-replacement": "read",
}


def count_operations(outcome: Outcome) -> dict[str, int]:
    """Operation -> number of resources; a replacement is one, however many steps it takes."""
    found: dict[str, set[str]] = {}
    for step in outcome.steps:
        if step.op not in _UNCHANGED_OPERATIONS:
            found.setdefault(_WORDS.get(step.op, step.op), set()).add(step.urn)
    return {op: len(found[op]) for op in sorted(found)}


def review_lines(review: Review) -> Iterator[str]:
    """Lines about what would be done."""
    if review.outcome is not None:
        counts = count_operations(review.outcome)
        yield ", ".join(f"{count} {op}" for op, count in counts.items()) or "no resource changes"
        yield from _removals(review.outcome.steps, review.data.tops)
    yield from data_lines(review)


def data_lines(review: Review) -> Iterator[str]:
    """A line per component whose data is deleted, or stays after the component was removed."""
    found = review.data
    for owner in review.lost:
        yield f"DELETES THE DATA of {owner}: {found.places(owner)}"
    for owner in review.kept:
        yield (
            f"{owner} is no longer in the spec: its data stays, {found.places(owner)}; "
            f"put it back to use it again, or delete it with --delete-data-of {owner}"
        )
    for old, new in review.hints:
        yield f"did you rename {old} to {new}? Write `renamed_from: {old}` at {new}, and it has that data"


def _removals(steps: list[ResourceStep], tops: Mapping[str, str]) -> Iterator[str]:
    """Deletions and replacements by component."""
    found: dict[tuple[str, str], dict[str, str]] = {}
    for step in steps:
        op = _WORDS.get(step.op, step.op)
        if op in ("delete", "replace"):
            owner = tops.get(step.urn, step.name)
            found.setdefault((owner, op), {})[step.urn] = f"{step.name} ({step.type.rpartition(':')[2]})"
    for (owner, op), named in found.items():
        names = list(named.values())
        more = f", and {len(names) - MAX_NAMED_RESOURCES} more" if len(names) > MAX_NAMED_RESOURCES else ""
        yield f"  {owner}: {op} {', '.join(names[:MAX_NAMED_RESOURCES])}{more}"
