"""Result of comparing two components: statements, each with its source."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any, Literal

Topic = Literal[
    "clause",
    "encryption at rest",
    "network exposure",
    "TLS",
    "authentication",
    "backup",
    "high availability",
    "bindings",
    "resources",
    "data",
    "downtime",
    "embedding identity",
    "model identity",
    "level",
    "licence",
    "maturity",
    "to do",
]
Change = Literal["lost", "weaker", "gained", "stronger", "changed", "same", "created", "deleted", "note"]
TOPICS: tuple[Topic, ...] = Topic.__args__
WORSE: frozenset[Change] = frozenset({"lost", "weaker"})


@dataclass(frozen=True)
class Statement:
    """One finding. source: file and line, or a URL, that it was read from. needed: the application relies on it."""

    component: str
    topic: Topic
    change: Change
    says: str
    source: str
    needed: bool = False


@dataclass(frozen=True)
class Impact:
    """All statements, in order of component and topic. before, after: what was compared, for people."""

    before: str
    after: str
    statements: tuple[Statement, ...]

    @property
    def needs_lost(self) -> tuple[Statement, ...]:
        """Clauses that the application relies on, and would lose."""
        return tuple(item for item in self.statements if item.needed and item.change == "lost")

    def of(self, topic: Topic) -> tuple[Statement, ...]:
        """Statements of one topic."""
        return tuple(item for item in self.statements if item.topic == topic)

    def counts(self) -> dict[str, dict[str, int]]:
        """Topic → change → number of statements."""
        found: dict[str, dict[str, int]] = {}
        for topic in TOPICS:
            changes = [item.change for item in self.of(topic)]
            if changes:
                found[topic] = {change: changes.count(change) for change in dict.fromkeys(changes)}
        return found

    def as_json(self) -> dict[str, Any]:
        """For the JSON envelope."""
        return {
            "from": self.before,
            "to": self.after,
            "needs_lost": [item.says for item in self.needs_lost],
            "counts": self.counts(),
            "statements": [asdict(item) for item in self.statements],
        }


def format_counts(counts: Iterable[tuple[str, int]]) -> str:
    """`2 lost, 5 same`."""
    return ", ".join(f"{number} {change}" for change, number in counts)
