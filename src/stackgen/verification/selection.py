"""Selection of components and clauses to measure; an unknown name is an error, not an empty run."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from stackgen.contracts import contract
from stackgen.errors import ExitCode, Problem, StackgenError, did_you_mean
from stackgen.planning.lookup import require_components
from stackgen.planning.model import Plan


@dataclass(frozen=True)
class Selection:
    """Names of components and of clauses; () for all."""

    components: tuple[str, ...] = ()
    clauses: tuple[str, ...] = ()

    def __call__(self, component: str, _contract: str, clause: str) -> bool:
        """True if this clause of this component is to be measured."""
        return (not self.components or component in self.components) and (
            not self.clauses or clause in self.clauses
        )


def select_clauses(plan: Plan, components: Sequence[str], clauses: Sequence[str]) -> Selection:
    """Select the components and clauses of `--component` and `--clause`.

    Raises StackgenError(unknown-component, unknown-clause) with every name that the plan's components don't have.
    """
    chosen = require_components(plan, components) or plan.components
    contracts = dict.fromkeys(name for item in chosen for name in item.kept)
    known = list(dict.fromkeys(clause.name for name in contracts for clause in contract(name).clauses))
    whose = f"of {' or '.join(components)}" if components else f"of any component of '{plan.stack.name}'"
    problems = [
        Problem(
            "unknown-clause",
            f"'{name}' is no clause {whose}",
            None,
            did_you_mean(name, known),
            tuple(sorted(known)),
        )
        for name in clauses
        if name not in known
    ]
    if problems:
        raise StackgenError(problems, ExitCode.NOT_FOUND)
    return Selection(tuple(components), tuple(clauses))
