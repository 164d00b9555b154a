"""Order of creation: what is needed comes first, otherwise as the spec has it."""

from __future__ import annotations

from collections.abc import Mapping

from stackgen.planning.findings import Findings


def order(mentions: Mapping[str, tuple[str, ...]], findings: Findings) -> tuple[str, ...]:
    """Names in order of creation; notes a `reference-cycle` and returns () if there is none."""
    placed: dict[str, None] = {}
    waiting = list(mentions)
    while waiting:
        ready = next((name for name in waiting if all(n in placed for n in mentions[name])), None)
        if ready is None:
            cycle = _cycle(mentions, waiting)
            message = f"components wait for each other: {' -> '.join((*cycle, cycle[0]))}"
            hint = "remove one of these references"
            findings.add("reference-cycle", message, ("components", cycle[0]), hint=hint)
            return ()
        placed[ready] = None
        waiting.remove(ready)
    return tuple(placed)


def _cycle(mentions: Mapping[str, tuple[str, ...]], waiting: list[str]) -> list[str]:
    trail = [waiting[0]]
    while True:
        following = next(name for name in mentions[trail[-1]] if name in waiting)
        if following in trail:
            return trail[trail.index(following) :]
        trail.append(following)
