"""Results of verification."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

Status = Literal["kept", "broken", "not-kept", "undeclared", "declared"]
FAILURES: frozenset[Status] = frozenset({"broken", "undeclared"})
MEANING: dict[Status, str] = {
    "kept": "declared and measured",
    "broken": "declared, but measured otherwise",
    "not-kept": "declared as not kept, and measured so",
    "undeclared": "measured as kept, but not declared: the descriptor must change",
    "declared": "declared only: nothing on the wire can tell",
}


@dataclass(frozen=True)
class Declared:
    """Declaration of an implementation: contract → kept clauses, and contract → clause → why it is not kept."""

    kept: Mapping[str, tuple[str, ...]] = field(default_factory=dict[str, tuple[str, ...]])
    not_kept: Mapping[str, Mapping[str, str]] = field(default_factory=dict[str, Mapping[str, str]])


@dataclass(frozen=True)
class Result:
    """One clause on one component. seconds: how long the probe took. detail: evidence, or what was seen.

    measured: whether its probe ran.
    """

    component: str
    contract: str
    clause: str
    status: Status
    detail: str
    seconds: float
    measured: bool = False

    @property
    def failed(self) -> bool:
        """True if declared and measured differ."""
        return self.status in FAILURES


@dataclass(frozen=True)
class Report:
    """All results, in order of component, contract and clause."""

    results: tuple[Result, ...]

    @property
    def failures(self) -> tuple[Result, ...]:
        """Results where declared and measured differ."""
        return tuple(result for result in self.results if result.failed)

    @property
    def measured(self) -> int:
        """Number of clauses whose probe ran."""
        return sum(result.measured for result in self.results)

    def counts(self) -> dict[str, int]:
        """Status → number of clauses."""
        return {status: n for status in MEANING if (n := sum(r.status == status for r in self.results))}

    def as_json(self) -> dict[str, Any]:
        """For the JSON envelope."""
        return {"counts": self.counts(), "results": [asdict(result) for result in self.results]}
