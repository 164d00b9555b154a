"""Reports what another implementation of a component would change. Nothing is touched."""

from __future__ import annotations

from argparse import Namespace
from typing import TYPE_CHECKING

from stackgen import checkout
from stackgen.cli.console import Answer, Console
from stackgen.cli.environment import open_named_environment
from stackgen.environment.opened import OpenedEnvironment
from stackgen.errors import ExitCode, Problem, StackgenError

if TYPE_CHECKING:
    from stackgen.swap.report.model import Impact


def report_swap(arguments: Namespace, console: Console) -> Answer:
    """The impact, statement by statement; exit code 11 where a clause is lost that the application needs."""
    from stackgen.planning.lookup import require_component
    from stackgen.swap.plans import plan_after
    from stackgen.swap.report.compare import compare_components
    from stackgen.swap.target import find_target, parse_changes

    environment = open_named_environment(arguments)
    if arguments.to is None:
        raise StackgenError(Problem("usage", "say what to swap to", hint="--to IMPLEMENTATION|PROVIDER"))
    before = environment.plan()
    found = require_component(before, arguments.component)
    entry = find_target(environment.shelf, found.capability, arguments.to)
    wanted = plan_after(environment, found, entry.id, parse_changes(arguments.changes))
    impact = compare_components(before, wanted, found.name, environment.loaded)
    command = (
        f"stackgen swap {environment.stack_name} {found.name} --to {entry.id} -e {environment.name} --apply"
    )
    return impact_answer(
        impact, f"{environment.stack_name}: {found.name}", arguments.markdown, environment, command
    )


def impact_answer(
    impact: Impact, title: str, markdown: str | None, environment: OpenedEnvironment, following: str
) -> Answer:
    """An impact as an answer; written as Markdown too, if a file is named."""
    from stackgen.swap.report.formats import REPORT_HEADER, impact_rows
    from stackgen.swap.report.formats import impact_markdown as as_markdown
    from stackgen.swap.report.model import format_counts

    if markdown:
        checkout.write_file(markdown, as_markdown(impact, title))
    lost = [item.says for item in impact.needs_lost]
    summary = [f"  {topic}: {format_counts(counts.items())}" for topic, counts in impact.counts().items()]
    text = "\n".join([f"{title}: {impact.before} -> {impact.after}", *summary])
    if lost:
        text += "\nneeded and lost: " + "; ".join(lost)
    found = impact_rows(impact)
    return Answer(
        impact.as_json(),
        text,
        table=(REPORT_HEADER, found) if found else None,
        next=None if lost else following,
        exit_code=ExitCode.PROMOTION_REFUSED if lost else ExitCode.OK,
        stack=environment.stack_name,
        environment=environment.name,
    )
