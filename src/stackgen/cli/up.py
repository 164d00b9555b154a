"""stackgen up: generate the program and deploy it."""

from __future__ import annotations

import time
from argparse import Namespace
from collections.abc import Callable
from typing import TYPE_CHECKING

from stackgen.cli.addresses import list_addresses
from stackgen.cli.console import Answer, Console
from stackgen.cli.environment import open_named_environment
from stackgen.environment.opened import OpenedEnvironment

if TYPE_CHECKING:
    from stackgen.engine.reviewing import Review
    from stackgen.environment.deploying import Deployed
    from stackgen.planning.model import Plan


def run(arguments: Namespace, console: Console) -> Answer:
    """Write the program if need be, show what would change, then make what runs equal to it."""
    from stackgen.environment.deploying import Options, deployable_plan
    from stackgen.planning.user_code import code_allowances
    from stackgen.swap.deploy_guard import deploy

    environment = open_named_environment(arguments)
    start = time.monotonic()
    embeddings = "accept" if arguments.accept_embeddings else "check"
    plan = deployable_plan(environment, embeddings=embeddings)
    for warning in (*plan.warnings, *code_allowances(plan)):  # before anybody agrees to anything
        console.say(f"warning: {warning}")
    options = Options(
        agreed=_question(arguments, console, environment),
        force=arguments.force,
        take_over=arguments.take_over,
        delete_data_of=arguments.delete_data_of,
        embeddings=embeddings,
    )
    with console.working(f"deploying {environment.stack_name} to {environment.name}") as progress:
        deployed = deploy(environment, plan, progress, options)
    if deployed is None:
        return Answer(text="nothing was done", exit_code=8)
    return _answer(environment, console, plan, deployed, time.monotonic() - start)


def _answer(
    environment: OpenedEnvironment, console: Console, plan: Plan, deployed: Deployed, seconds: float
) -> Answer:
    from stackgen.cli.review_summary import count_operations, data_lines

    counts = count_operations(deployed.outcome)
    summary = ", ".join(f"{count} {op}" for op, count in counts.items()) or "nothing changed"
    console.say(
        f"{environment.stack_name} is up in environment '{environment.name}' after {seconds:.1f} s: {summary}"
    )
    review, bindings = deployed.review, deployed.bindings
    return Answer(
        {
            "changes": counts,
            "bindings": {name: list(found) for name, found in bindings.items()},
            "data": {"kept": list(review.kept), "deleted": list(review.lost)},
        },
        table=(("component", "contract", "address"), list_addresses(bindings)),
        warnings=[*(plan.warnings if console.json else ()), *deployed.warnings, *data_lines(review)],
        next=f"stackgen verify {environment.stack_name} -e {environment.name}",
        stack=environment.stack_name,
        environment=environment.name,
    )


def _question(
    arguments: Namespace, console: Console, environment: OpenedEnvironment
) -> Callable[[Review], bool] | None:
    """What asks the user, with a preview in front; None where the user has said yes already."""
    from stackgen.cli.review_summary import review_lines

    question = f"Deploy {environment.stack_name} to {environment.name}?"
    if arguments.yes:
        return None
    console.refuse_without_terminal(question, no_input=arguments.no_input)

    def agreed(review: Review) -> bool:
        with console.asking():
            for line in review_lines(review):
                console.say(line)
            return console.confirm(question, yes=False, no_input=False)

    return agreed
