"""Components of a plan by the names that a user types."""

from __future__ import annotations

from collections.abc import Sequence

from stackgen.errors import ExitCode, Problem, StackgenError, did_you_mean
from stackgen.planning.model import Plan, PlannedComponent


def require_component(plan: Plan, name: str) -> PlannedComponent:
    """The component of that name; raises StackgenError(unknown-component)."""
    return require_components(plan, (name,))[0]


def require_components(plan: Plan, components: Sequence[str]) -> tuple[PlannedComponent, ...]:
    """The components of these names; raises StackgenError(unknown-component) with every unknown name."""
    known = list(plan.by_name)
    problems = [
        Problem(
            "unknown-component",
            f"'{plan.stack.name}' has no component '{name}' in environment '{plan.environment}'",
            None,
            did_you_mean(name, known),
            tuple(known),
        )
        for name in components
        if name not in plan.by_name
    ]
    if problems:
        raise StackgenError(problems, ExitCode.NOT_FOUND)
    return tuple(plan.by_name[name] for name in components)
