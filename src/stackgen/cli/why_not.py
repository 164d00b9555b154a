"""stackgen why-not: what stands in the way of another implementation, and what it would weaken."""

from __future__ import annotations

from argparse import Namespace
from typing import TYPE_CHECKING, Any

from stackgen.cli.console import Answer, Console
from stackgen.cli.environment import open_named_environment
from stackgen.environment.opened import OpenedEnvironment
from stackgen.errors import ExitCode, Problem, StackgenError

if TYPE_CHECKING:
    from stackgen.catalog.shelf import Entry
    from stackgen.planning.model import Plan, PlannedComponent

COLUMNS = ("kind", "what", "instead", "source")


def run(arguments: Namespace, console: Console) -> Answer:
    """Obstacles first, all at once; then what the application has not said it needs. Exit code 11 if there are any."""
    from stackgen.planning.lookup import require_component
    from stackgen.swap.target import find_target, parse_changes

    environment = open_named_environment(arguments)
    before = environment.plan()
    found = require_component(before, arguments.component)
    entry = find_target(environment.shelf, found.capability, arguments.implementation)
    given = parse_changes(arguments.changes)
    obstacles = _obstacles(environment, found, entry.id, given)
    weaker = _weaker(environment, before, found, entry.id, given)
    rows = [
        ("obstacle", item.message, item.hint or ", ".join(item.allowed), _source(environment, item, entry))
        for item in obstacles
    ]
    rows += [(item["change"], item["says"], "", item["source"]) for item in weaker or []]
    title = f"{environment.stack_name}: {found.name}: {found.entry.id} -> {entry.id}"
    verdict = f"{len(obstacles)} in the way" if obstacles else "nothing stands in the way"
    if weaker is None:
        verdict += "; what it would weaken can't be said until that is mended"
    command = f"stackgen swap {environment.stack_name} {found.name} --to {entry.id} -e {environment.name}"
    return Answer(
        {
            "from": found.entry.id,
            "to": entry.id,
            "obstacles": [item.as_json() for item in obstacles],
            "weaker": weaker,
        },
        f"{title}: {verdict}",
        table=(COLUMNS, rows) if rows else None,
        next=None if obstacles else command,
        exit_code=ExitCode.PROMOTION_REFUSED if obstacles else ExitCode.OK,
        stack=environment.stack_name,
        environment=environment.name,
    )


def _source(environment: OpenedEnvironment, problem: Problem, entry: Entry) -> str:
    """The line of the spec that asks for it; the descriptor, if it is the new implementation that does."""
    from stackgen.swap.report.sources import cite_descriptor

    where, positions = problem.position, environment.loaded.positions
    lines = positions.lines if positions is not None else []
    if where is not None and where.text in (line.rstrip("\r") for line in lines[where.line - 1 : where.line]):
        return f"{environment.loaded.path.name}:{where.line}"
    return cite_descriptor(entry)


def _obstacles(
    environment: OpenedEnvironment, found: PlannedComponent, to: str, given: dict[str, Any]
) -> tuple[Problem, ...]:
    from stackgen.planning.plan import plan_environment
    from stackgen.swap.plans import stack_after

    try:
        plan_environment(stack_after(environment, found, to, given), environment.name, environment.shelf)
    except StackgenError as error:
        return error.problems
    return ()


def _weaker(
    environment: OpenedEnvironment, before: Plan, found: PlannedComponent, to: str, given: dict[str, Any]
) -> list[dict[str, str]] | None:
    """Lost clauses that no component needs, and weaker properties; None without a plan to compare with."""
    from stackgen.swap.plans import plan_after
    from stackgen.swap.report.compare import compare_components
    from stackgen.swap.report.model import WORSE

    try:
        wanted = plan_after(environment, found, to, given)
    except StackgenError:
        return None
    impact = compare_components(before, wanted, found.name, environment.loaded)
    return [
        {"topic": item.topic, "change": item.change, "says": item.says, "source": item.source}
        for item in impact.statements
        if item.change in WORSE and not item.needed
    ]
