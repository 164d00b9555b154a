"""stackgen up: generate the program and deploy it."""

from __future__ import annotations

import time
from argparse import Namespace
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

from stackgen.cli.addresses import addresses
from stackgen.cli.console import Answer, Console
from stackgen.environment.context import Context, open_context

if TYPE_CHECKING:
    from stackgen.engine.deployment import Deployment, Resource
    from stackgen.engine.reviewing import Review
    from stackgen.planning.model import Plan

T = TypeVar("T")


def run(arguments: Namespace, console: Console) -> Answer:
    """Write the program if need be, show what would change, then make what runs equal to it."""
    from stackgen.cli.reviewed import about_data, counted
    from stackgen.cli.stored import note_embeddings, refuse_other_embeddings
    from stackgen.disk.running import say_what_runs
    from stackgen.disk.writing import write
    from stackgen.engine.updating import update
    from stackgen.planning.identity import embedded_by
    from stackgen.planning.user_code import allowances, refuse_unpinned
    from stackgen.swap.consistency import refuse_changed_since

    context = open_context(arguments)
    start = time.monotonic()
    plan = context.fitting_plan() if arguments.accept_embeddings else context.checked_plan()
    refuse_unpinned(plan)
    for warning in (*plan.warnings, *allowances(plan)):  # before anybody agrees to anything
        console.say(f"warning: {warning}")
    agreed = _question(arguments, console, context)
    context.refuse_while_updating()
    if not arguments.take_over:
        context.refuse_another_checkout()
    refuse_changed_since(plan)
    with console.working(f"deploying {context.name} to {context.environment}") as progress:
        looked: tuple[Deployment, list[Resource] | None] | None = _looked_at(context, plan, progress)
        program = context.program()
        changes = write(program, force=arguments.force)
        if changes:
            progress(f"program written: {len(changes.created)} files new, {len(changes.updated)} changed")
        if changes or looked is None:
            looked = (context.deployment(progress), None)
        deployment, resources = looked
        watched = any(embedded_by(item) for item in plan.components)
        if watched and not arguments.accept_embeddings:
            refuse_other_embeddings(plan, _deployed(deployment))
        say_what_runs(program, progress)  # last, since what is there now is what runs
        done = update(
            deployment,
            plan,
            program,
            context.shelf,
            words=arguments.delete_data_of,
            agreed=agreed,
            resources=resources,
        )
    if done is None:
        return Answer(text="nothing was done", exit_code=8)
    reviewed, outcome = done
    bindings = outcome.outputs.get("bindings", {})
    warnings = list(note_embeddings(plan, bindings, anew=arguments.accept_embeddings)) if watched else []
    if watched:
        refuse_other_embeddings(plan, bindings)
    counts = counted(outcome)
    summary = ", ".join(f"{count} {op}" for op, count in counts.items()) or "nothing changed"
    console.say(
        f"{context.name} is up in {context.environment} after {time.monotonic() - start:.1f} s: {summary}"
    )
    return Answer(
        {
            "changes": counts,
            "bindings": {name: list(found) for name, found in bindings.items()},
            "data": {"kept": list(reviewed.kept), "deleted": list(reviewed.lost)},
        },
        table=(("component", "contract", "address"), addresses(bindings)),
        warnings=[*(plan.warnings if console.json else ()), *warnings, *about_data(reviewed)],
        next=f"stackgen verify {context.name} -e {context.environment}",
        stack=context.name,
        environment=context.environment,
    )


def _question(arguments: Namespace, console: Console, context: Context) -> Callable[[Review], bool] | None:
    """What asks the user, with a preview in front; None where the user has said yes already."""
    from stackgen.cli.reviewed import announced

    question = f"Deploy {context.name} to {context.environment}?"
    if arguments.yes:
        return None
    console.refuse_to_ask_nobody(question, no_input=arguments.no_input)

    def agreed(review: Review) -> bool:
        with console.asking():
            for line in announced(review):
                console.say(line)
            return console.confirm(question, yes=False, no_input=False)

    return agreed


def _looked_at(
    context: Context, plan: Plan, progress: Callable[[str], None]
) -> tuple[Deployment, list[Resource]] | None:
    """The deployment as it is, if there is one: before anything is written, no box may start on another one's data.

    There may be one though its program is not on disk.
    """
    from stackgen.environment.takeover import in_places, refuse_takeovers

    if not in_places(plan, context.shelf):
        return None
    deployment = context.state(progress)
    resources = _if_deployed(deployment.resources)
    if resources is None:
        return None
    refuse_takeovers(plan, context.shelf, [(item.name, item.type) for item in resources])
    return deployment, resources


def _deployed(deployment: Deployment) -> dict[str, Any]:
    """Bindings before this update; {} if there was none."""
    return (_if_deployed(deployment.outputs) or {}).get("bindings", {})


def _if_deployed(read: Callable[[], T]) -> T | None:
    """What is read of the state; None where nothing is deployed."""
    from stackgen.errors import StackgenError

    try:
        return read()
    except StackgenError as error:
        if {problem.code for problem in error.problems} == {"not-deployed"}:
            return None
        raise
