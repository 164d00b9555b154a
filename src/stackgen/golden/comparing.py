"""How far the answers of today are from those that were recorded."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from stackgen.errors import Problem, StackgenError
from stackgen.golden.corpus import Corpus, Predictions, Search, ToolCalls, digest
from stackgen.golden.recording import Answers, Recording

Answer = Mapping[str, Any]


@dataclass(frozen=True)
class Finding:
    """One measure over one group. most: whether `tolerance` is the largest that is accepted, or the least.

    changed: of the cases that differ, each in a sentence.
    """

    group: str
    measure: str
    found: float
    tolerance: float
    most: bool
    cases: int
    changed: tuple[str, ...]

    @property
    def within(self) -> bool:
        """Whether it is accepted."""
        slack = 1e-9
        if self.most:
            return self.found <= self.tolerance + slack
        return self.found >= self.tolerance - slack


@dataclass(frozen=True)
class Comparison:
    """Every finding, and whose answers were compared."""

    recorded: Recording
    findings: tuple[Finding, ...]

    @property
    def drifted(self) -> tuple[Finding, ...]:
        """Findings outside their tolerance."""
        return tuple(finding for finding in self.findings if not finding.within)

    def as_json(self) -> dict[str, Any]:
        """For the JSON envelope."""
        found = [{**asdict(item), "within": item.within} for item in self.findings]
        about = {"environment": self.recorded.environment, "at": self.recorded.recorded}
        return {"recorded": {**about, "boxes": dict(self.recorded.boxes)}, "findings": found}


def refuse_outdated(corpus: Corpus, recorded: Recording) -> None:
    """Raise StackgenError(golden-outdated) for every group that was recorded with other questions, or never."""
    command = f"stackgen golden record {recorded.stack} -e {recorded.environment}"
    problems = [
        Problem(
            "golden-outdated",
            f"{kind}.{name} has changed since {recorded.environment} was recorded",
            next=command,
        )
        for kind, name, group in corpus.groups()
        if getattr(recorded.groups.get(f"{kind}.{name}"), "asked", None) != digest(group)
    ]
    if problems:
        raise StackgenError(problems)


def compare(corpus: Corpus, recorded: Recording, today: Mapping[str, Answers]) -> Comparison:
    """Findings of all groups, in the corpus's order; raises StackgenError(golden-outdated)."""
    refuse_outdated(corpus, recorded)
    findings: list[Finding] = []
    for kind, name, group in corpus.groups():
        key = f"{kind}.{name}"
        pairs = list(zip(recorded.groups[key].answers, today[key].answers, strict=True))
        if isinstance(group, Search):
            findings += _searches(key, group, pairs)
        elif isinstance(group, ToolCalls):
            findings += _tool_calls(key, group, pairs)
        else:
            findings += _predictions(key, group, pairs)
    return Comparison(recorded, tuple(findings))


Pairs = Sequence[tuple[Answer, Answer]]


def _searches(key: str, group: Search, pairs: Pairs) -> Iterator[Finding]:
    shares: list[float] = []
    drift, lost, moved = 0.0, list[str](), list[str]()
    for old, new in pairs:
        before = {tuple(ids): s for ids, s in zip(old["ids"], old["similarities"], strict=True)}
        after = {tuple(ids): s for ids, s in zip(new["ids"], new["similarities"], strict=True)}
        both = before.keys() & after.keys()
        longest = max(len(before), len(after))
        shares.append(len(both) / longest if longest else 1.0)
        if shares[-1] < 1:
            gone = ", ".join(" ".join(map(str, ids)) for ids in before if ids not in after)
            lost.append(f"'{old['text']}': {len(both)} of {longest} found again; gone: {gone or 'none'}")
        change = max((abs(before[ids] - after[ids]) for ids in both), default=0.0)
        if change > group.drift:
            moved.append(f"'{old['text']}': similarity changes by up to {change:.4f}")
        drift = max(drift, change)
    mean = sum(shares) / len(shares)
    yield Finding(key, f"top-{group.top} overlap", mean, group.overlap, False, len(pairs), tuple(lost))
    yield Finding(key, "similarity drift", drift, group.drift, True, len(pairs), tuple(moved))


def _tool_calls(key: str, group: ToolCalls, pairs: Pairs) -> Iterator[Finding]:
    def names(answer: Answer) -> Any:
        return [call["name"] for call in answer["calls"]]

    def whole(answer: Answer) -> Any:
        return answer["calls"]

    yield _share(key, "same functions called", group.names, pairs, names, "prompt")
    yield _share(key, "same arguments", group.arguments, pairs, whole, "prompt")


def _share(
    key: str, measure: str, least: float, pairs: Pairs, take: Callable[[Answer], Any], title: str
) -> Finding:
    changed = tuple(
        f"'{old[title]}': {_brief(take(old))} was, {_brief(take(new))} is"
        for old, new in pairs
        if take(old) != take(new)
    )
    return Finding(key, measure, 1 - len(changed) / len(pairs), least, False, len(pairs), changed)


def _predictions(key: str, group: Predictions, pairs: Pairs) -> Iterator[Finding]:
    """Numbers are compared as numbers; everything else must be equal. What outputs are called is the server's."""
    changed: list[str] = []
    for number, answers in enumerate(pairs, start=1):
        was, now = ([item["data"] for item in answer["outputs"]] for answer in answers)
        if not _alike(was, now, group.drift):
            changed.append(f"request {number}: {_brief(was)} was, {_brief(now)} is")
    share = 1 - len(changed) / len(pairs)
    yield Finding(key, "same predictions", share, group.agreement, False, len(pairs), tuple(changed))


def _alike(old: Any, new: Any, drift: float) -> bool:
    """Whether two values differ by no more than `drift` in every number, and in nothing else."""
    if isinstance(old, list) and isinstance(new, list):
        before, after = list[Any](old), list[Any](new)
        return len(before) == len(after) and all(map(lambda a, b: _alike(a, b, drift), before, after))
    if isinstance(old, bool) or isinstance(new, bool) or not isinstance(old, float | int):
        return type(old) is type(new) and bool(old == new)
    return isinstance(new, float | int) and math.isclose(old, new, rel_tol=1e-9, abs_tol=drift)


def _brief(value: Any) -> str:
    text = str(value)
    return text if len(text) <= 80 else f"{text[:79]}…"
