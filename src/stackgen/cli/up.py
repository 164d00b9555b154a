"""stackgen up: generate the program and deploy it."""

from __future__ import annotations

import time
from argparse import Namespace
from typing import TYPE_CHECKING, Any

from stackgen.cli.addresses import addresses
from stackgen.cli.console import Answer, Console
from stackgen.cli.context import Context, open_context

if TYPE_CHECKING:
    from stackgen.engine.deployment import Deployment
    from stackgen.planning.model import Plan


def run(arguments: Namespace, console: Console) -> Answer:
    """Write the program if need be, then make what runs equal to it."""
    from stackgen.cli.stored import note_embeddings, refuse_other_embeddings
    from stackgen.planning.identity import embedded_by
    from stackgen.planning.user_code import allowances, refuse_unpinned
    from stackgen.rendering.writing import write

    context = open_context(arguments)
    start = time.monotonic()
    plan = context.plan() if arguments.accept_embeddings else context.checked_plan()
    refuse_unpinned(plan)
    for sentence in allowances(plan):
        console.say(f"warning: {sentence}")
    question = f"Deploy {context.name} to {context.environment}?"
    if not console.confirm(question, yes=arguments.yes, no_input=arguments.no_input):
        return Answer(text="nothing was done", exit_code=8)
    context.refuse_while_updating()
    _refuse_takeovers(context, plan)
    program = context.program()
    changes = write(program, force=arguments.force)
    with console.working(f"deploying {context.name} to {context.environment}") as progress:
        if changes:
            progress(f"program written: {len(changes.created)} files new, {len(changes.updated)} changed")
        deployment = context.running(program, progress)
        watched = any(embedded_by(item) for item in plan.components)
        if watched and not arguments.accept_embeddings:
            refuse_other_embeddings(plan, _deployed(deployment))
        outcome = deployment.up()
    bindings = outcome.outputs.get("bindings", {})
    warnings = list(note_embeddings(plan, bindings, anew=arguments.accept_embeddings)) if watched else []
    if watched:
        refuse_other_embeddings(plan, bindings)
    done = {op: count for op, count in outcome.counts.items() if op not in ("same", "refresh", "read")}
    summary = ", ".join(f"{count} {op}" for op, count in sorted(done.items())) or "nothing changed"
    console.say(
        f"{context.name} is up in {context.environment} after {time.monotonic() - start:.1f} s: {summary}"
    )
    return Answer(
        {"changes": done, "bindings": {name: list(found) for name, found in bindings.items()}},
        table=(("component", "contract", "address"), addresses(bindings)),
        warnings=warnings,
        next=f"stackgen verify {context.name} -e {context.environment}",
        stack=context.name,
        environment=context.environment,
    )


def _refuse_takeovers(context: Context, plan: Plan) -> None:
    """Before anything is written: no box may start on the data of another implementation."""
    from stackgen.errors import StackgenError
    from stackgen.planning.takeover import in_places, refuse_takeovers

    if not in_places(plan, context.shelf):
        return
    try:
        resources = context.deployment(lambda _: None).resources()
    except StackgenError:
        return  # nothing is deployed; if that is not why, `up` will say so
    refuse_takeovers(plan, context.shelf, [(item.name, item.type) for item in resources])


def _deployed(deployment: Deployment) -> dict[str, Any]:
    """Bindings before this update; {} if there was none."""
    from stackgen.errors import StackgenError

    try:
        return deployment.outputs().get("bindings", {})
    except StackgenError:
        return {}
