"""Measures every clause of what is deployed, where its applications stand."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from stackgen.environment.opened import OpenedEnvironment

if TYPE_CHECKING:
    from stackgen.planning.model import Plan
    from stackgen.verification.model import Report


@dataclass(frozen=True)
class Verified:
    """foreign_listeners: host and port of a process that has begun to listen meanwhile: it may have got a password."""

    report: Report
    plan: Plan
    foreign_listeners: tuple[tuple[str, int], ...]

    @property
    def failed(self) -> bool:
        """True if a clause is broken, or none was measured."""
        return bool(self.report.failures) or not self.report.measured


def verify(
    environment: OpenedEnvironment, components: Sequence[str] = (), clauses: Sequence[str] = ()
) -> Verified:
    """Run the probes of components and clauses, or of all; raises StackgenError(not-deployed, another-checkout).

    clauses: names as `stackgen catalog show` prints them.
    """
    from stackgen.verification.model import Declared
    from stackgen.verification.run import measure_clauses as measure
    from stackgen.verification.selection import select_clauses

    plan = environment.plan_without_checks()
    declared = {item.name: Declared(item.kept, item.not_kept) for item in plan.components}
    only = select_clauses(plan, components, clauses)
    exported = environment.bindings()
    with environment.reachable_bindings(exported) as bindings:
        before = environment.foreign(exported)
        report = measure(bindings, declared, only=only, foreign=before)
        strangers = environment.foreign(exported, required=False).keys() - before.keys()
    return Verified(report, plan, tuple(sorted(strangers)))
