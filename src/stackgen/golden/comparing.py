"""Compares today's answers with those that were recorded."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from stackgen.contracts.questions import Finding
from stackgen.errors import Problem, StackgenError
from stackgen.golden.corpus import Corpus, questions_digest
from stackgen.golden.recording import Answers, Recording


@dataclass(frozen=True)
class AnswerComparison:
    """Every finding, and whose answers were compared."""

    recorded: Recording
    findings: tuple[Finding, ...]

    @property
    def drifted(self) -> tuple[Finding, ...]:
        """Findings outside their tolerance."""
        return tuple(finding for finding in self.findings if not finding.within)

    def as_json(self) -> dict[str, Any]:
        """For the JSON envelope."""
        found = [_as_json(item) for item in self.findings]
        about = {"environment": self.recorded.environment, "at": self.recorded.recorded}
        return {"recorded": {**about, "boxes": dict(self.recorded.boxes)}, "findings": found}


def _as_json(finding: Finding) -> dict[str, Any]:
    """Return the entry of a finding in the JSON envelope, in which the measured value has the key `found`."""
    entry = {("found" if key == "value" else key): value for key, value in asdict(finding).items()}
    return {**entry, "within": finding.within}


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
        if getattr(recorded.groups.get(f"{kind}.{name}"), "asked", None) != questions_digest(group)
    ]
    if problems:
        raise StackgenError(problems)


def compare_answers(corpus: Corpus, recorded: Recording, today: Mapping[str, Answers]) -> AnswerComparison:
    """Findings of all groups, in the corpus's order; raises StackgenError(golden-outdated)."""
    refuse_outdated(corpus, recorded)
    findings: list[Finding] = []
    for kind, name, group in corpus.groups():
        key = f"{kind}.{name}"
        pairs = list(zip(recorded.groups[key].answers, today[key].answers, strict=True))
        findings += group.findings(key, pairs)
    return AnswerComparison(recorded, tuple(findings))
