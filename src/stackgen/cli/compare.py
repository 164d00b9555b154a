"""stackgen compare: what moving from one environment's components to another's would change."""

from __future__ import annotations

from argparse import Namespace
from dataclasses import replace

from stackgen.cli.console import Answer, Console
from stackgen.cli.environment import open_named_environment
from stackgen.cli.swap_report import impact_answer


def run(arguments: Namespace, console: Console) -> Answer:
    """The impact on every component; exit code 11 where a clause is lost that the application needs."""
    from stackgen.swap.plans import drop_needs
    from stackgen.swap.report.compare import compare_environments

    arguments.output = None
    arguments.environment = arguments.before
    environment = open_named_environment(arguments)
    arguments.environment = arguments.after
    other = open_named_environment(arguments)
    after = replace(other, loaded=drop_needs(other.loaded)).plan()
    impact = compare_environments(environment.plan(), after, environment.loaded)
    following = f"stackgen diff {environment.stack_name} -e {arguments.after}"
    return impact_answer(impact, environment.stack_name, arguments.markdown, environment, following)
