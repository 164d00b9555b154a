"""`needs`: clauses an application relies on, checked against what the chosen implementation keeps."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from stackgen.catalog.shelf import Entry, Shelf
from stackgen.errors import did_you_mean
from stackgen.planning.findings import Findings
from stackgen.planning.merge import Merged


def check_needs(merged: Merged, entry: Entry | None, findings: Findings) -> None:
    """Note every needed clause that no contract has, or that `entry` doesn't keep, with who does."""
    if not merged.needs:
        return
    from stackgen.contracts import contract

    contracts = findings.shelf.capability(merged.capability).contracts
    known = {clause.name: name for name in contracts for clause in contract(name).clauses}
    for index, clause in enumerate(merged.needs):
        path = (*merged.path, "needs", index)
        if clause not in known:
            findings.add(
                "unknown-clause",
                f"'{merged.name}' needs '{clause}', no clause of {' or '.join(contracts) or 'any contract'}",
                path,
                hint=did_you_mean(clause, list(known)),
                allowed=sorted(known),
            )
        elif entry is not None and not _keeps(entry, clause, merged.settings):
            others = _implementations_keeping(findings.shelf, merged.capability, clause)
            reasons = [clauses.get(clause, "") for clauses in entry.implementation.not_kept.values()]
            why = next((reason for reason in reasons if reason), "it is not declared")
            findings.add(
                "need-not-kept",
                f"'{merged.name}' needs '{clause}', which {entry.id} does not keep: {why}",
                path,
                hint="choose an implementation that keeps it, or drop the need" if others else None,
                allowed=others,
            )


def _keeps(entry: Entry, clause: str, settings: Mapping[str, Any]) -> bool:
    return any(clause in clauses for clauses in entry.implementation.keeps(settings).values())


def _implementations_keeping(shelf: Shelf, capability: str, clause: str) -> list[str]:
    return [entry.id for entry in shelf.implementations[capability].values() if _keeps(entry, clause, {})]
