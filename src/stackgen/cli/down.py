"""stackgen down: stop what runs."""

from __future__ import annotations

from argparse import Namespace

from stackgen.cli.console import Answer, Console
from stackgen.cli.environment import open_named_environment
from stackgen.errors import ExitCode, Problem, StackgenError


def _protected(name: str, environment: str) -> Problem:
    message = f"'{environment}' of '{name}' is protected: its data is not deleted"
    hint = f"set `protect: false` in the spec and run `stackgen up {name} -e {environment}` first"
    return Problem("protected", message, hint=hint)


def _everything(name: str, environment: str) -> Problem:
    message = (
        f"on the provider of '{environment}' servers and data are one: `down` deletes both; nothing was done"
    )
    hint = "say so with --delete-data; or take single components out of the spec, whose data then stays"
    return Problem(
        "data-would-go", message, hint=hint, next=f"stackgen down {name} -e {environment} --delete-data"
    )


def run(arguments: Namespace, console: Console) -> Answer:
    """Remove what runs; data goes only with --delete-data, and only after a yes."""
    from stackgen.engine.updating import remove, stop
    from stackgen.program.removal import removal_tools
    from stackgen.swap.journal import lock_journals, remove_journals

    environment = open_named_environment(arguments)
    plan = environment.plan_without_checks()
    everything = arguments.delete_data or not plan.transient
    if everything and not arguments.delete_data:
        raise StackgenError(_everything(environment.stack_name, environment.name), ExitCode.POLICY)
    if everything and environment.protected:
        raise StackgenError(_protected(environment.stack_name, environment.name), ExitCode.POLICY)
    if not arguments.take_over:
        environment.refuse_another_checkout()
    question = f"Stop {environment.stack_name} in environment '{environment.name}'"
    question += " and DELETE ITS DATA?" if everything else "? Its data stays."
    if not console.confirm(question, yes=arguments.yes, no_input=arguments.no_input):
        return Answer(text="nothing was done", exit_code=8)
    with (
        lock_journals(environment.stack_name, environment.name),
        console.working(f"stopping {environment.stack_name}") as progress,
    ):
        deployment = environment.deployment(progress, removal_tools(plan, environment.shelf))
        deployment.prepare(create=False)
        outcome = remove(deployment, plan, environment.shelf) if everything else stop(deployment, plan)
    if everything:
        remove_journals(environment.stack_name, environment.name)
    left = "nothing of it is left" if everything else "its data is kept; --delete-data removes that too"
    count = outcome.counts.get("delete", 0)
    text = f"{environment.stack_name} is down in environment '{environment.name}': {count} resources deleted, {left}"
    return Answer(
        {"counts": outcome.counts, "data": "deleted" if everything else "kept"},
        text,
        warnings=plan.name_warnings,
        next=f"stackgen up {environment.stack_name} -e {environment.name}",
        stack=environment.stack_name,
        environment=environment.name,
    )
