"""stackgen compare: what moving from one environment's boxes to another's would change."""

from __future__ import annotations

from argparse import Namespace
from dataclasses import replace

from stackgen.cli.console import Answer, Console
from stackgen.cli.swap_report import answered, without_needs
from stackgen.environment.context import open_context


def run(arguments: Namespace, console: Console) -> Answer:
    """The impact on every component; exit code 11 where a clause is lost that the application needs."""
    from stackgen.swap.report.compare import compare_environments

    arguments.output = None
    arguments.environment = arguments.before
    context = open_context(arguments)
    arguments.environment = arguments.after
    other = open_context(arguments)
    after = replace(other, loaded=without_needs(other.loaded)).plan()
    impact = compare_environments(context.plan(), after, context.loaded)
    following = f"stackgen diff {context.name} -e {arguments.after}"
    return answered(impact, context.name, arguments.markdown, context, following)
