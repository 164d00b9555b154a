"""Order of creation: what is needed comes first, otherwise as the spec has it."""

from __future__ import annotations

import heapq
from collections.abc import Mapping

from stackgen.planning.findings import Findings


def order_components(mentions: Mapping[str, tuple[str, ...]], findings: Findings) -> tuple[str, ...]:
    """Names in order of creation; notes a `reference-cycle` and returns () if there is none."""
    number = {name: index for index, name in enumerate(mentions)}
    names, missing = list(mentions), {name: len({*mentions[name]}) for name in mentions}
    wanted_by: dict[str, list[str]] = {}
    for name, needed in mentions.items():
        for other in {*needed}:
            wanted_by.setdefault(other, []).append(name)
    ready = [number[name] for name, count in missing.items() if not count]
    placed: dict[str, None] = {}
    while ready:
        name = names[heapq.heappop(ready)]
        placed[name] = None
        for other in wanted_by.get(name, ()):
            missing[other] -= 1
            if not missing[other]:
                heapq.heappush(ready, number[other])
    if len(placed) == len(names):
        return tuple(placed)
    cycle = _cycle(mentions, [name for name in names if name not in placed])
    message = f"components wait for each other: {' -> '.join(_shortened((*cycle, cycle[0])))}"
    findings.add("reference-cycle", message, ("components", cycle[0]), hint="remove one of these references")
    return ()


def _shortened(names: tuple[str, ...]) -> tuple[str, ...]:
    return names if len(names) <= 20 else (*names[:10], "…", *names[-9:])


def _cycle(mentions: Mapping[str, tuple[str, ...]], waiting: list[str]) -> list[str]:
    trail, seen, left = [waiting[0]], {waiting[0]: 0}, {*waiting}
    while True:
        following = next(name for name in mentions[trail[-1]] if name in left)
        if following in seen:
            return trail[seen[following] :]
        seen[following] = len(trail)
        trail.append(following)
