"""Carries a swap out, goes on with one that was interrupted, returns to the old box, or retires it."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Sequence
from typing import TYPE_CHECKING

from stackgen.cli.console import Answer, Console
from stackgen.environment.context import Context, open_context
from stackgen.errors import ExitCode

if TYPE_CHECKING:
    from stackgen.swap.journal import Journal
    from stackgen.swap.run import Taken
    from stackgen.swap.site import Site
    from stackgen.swap.steps import Steps


def carry_out(arguments: Namespace, console: Console) -> Answer:
    """Take the steps that the given word asks for, after a yes."""
    from stackgen.planning.lookup import require_component
    from stackgen.swap.journal import alone, place
    from stackgen.swap.run import go_on
    from stackgen.swap.site import Site

    context = open_context(arguments)
    context.refuse_another_checkout()
    component = require_component(context.plan(), arguments.component).name
    path = place(context.name, context.environment, component)
    with alone(path), console.working(f"swapping {component}") as progress:
        loaded, shelf = context.loaded, context.shelf
        accepts = bool(arguments.accept_data)
        site = Site(loaded, shelf, context.environment, component, context.output, progress, accepts)
        steps = _steps(arguments, context, site)
        journal = steps.journal
        if journal.finished:
            if journal.kind in ("abandon", "retire"):  # killed after its end, before it was forgotten
                journal.remove()
            return _answer(context, journal, [])
        _say_what_runs(context, console, site)
        console.say(_announced(steps))
        if not console.confirm(_question(context, journal), yes=arguments.yes, no_input=arguments.no_input):
            return Answer(text="nothing was done", exit_code=ExitCode.CANCELLED)
        journal.save()
        taken = go_on(steps)
        if journal.kind in ("abandon", "retire"):
            journal.remove()
    return _answer(context, journal, taken)


def _say_what_runs(context: Context, console: Console, site: Site) -> None:
    """As `up` does, before anyone agrees: a swap deploys the program too."""
    from stackgen.planning.user_code import allowances, refuse_unpinned

    plan = context.plan()
    refuse_unpinned(plan)
    for warning in allowances(plan):
        console.say(f"warning: {warning}")
    site.say_what_runs(context.program())


def _steps(arguments: Namespace, context: Context, site: Site) -> Steps:
    """The move to make: the one in the journal, if it is not at its end, else a new one."""
    from stackgen.swap.journal import place, read
    from stackgen.swap.reindex import steps_of
    from stackgen.swap.start import retire, rollback, start

    journal = read(place(context.name, context.environment, site.component))
    if arguments.retire:
        journal = retire(site, journal)
    elif arguments.rollback:
        journal = rollback(site, journal)
    else:
        journal = start(site, journal, arguments.to, arguments.changes)
    return steps_of(site, journal)


def _announced(steps: Steps) -> str:
    """What is going to happen, and what can't go along."""
    journal = steps.journal
    lines = [f"  {step.name:8} {step.does}" for step in steps.plan() if step.name not in journal.done]
    if journal.kind in ("swap", "return"):
        lines += [f"  {sentence}" for sentence in steps.moved()]
    return "\n".join(lines)


def _question(context: Context, journal: Journal) -> str:
    where = f"'{journal.component}' of {context.name} in {context.environment}"
    return {
        "swap": f"Swap box {journal.source} of {where} for box {journal.target}?",
        "return": f"Return to box {journal.target} of {where}?",
        "abandon": f"Give up box {journal.target} of {where} and DELETE it?",
        "retire": f"Retire box {journal.source} of {where} and DELETE ITS DATA?",
    }[journal.kind]


def _answer(context: Context, journal: Journal, taken: Sequence[Taken]) -> Answer:
    serving = journal.source if journal.kind == "abandon" else journal.target
    command = f"stackgen swap {context.name} {journal.component} -e {context.environment}"
    text = f"box {serving} of '{journal.component}' serves in {context.environment}"
    following = f"stackgen verify {context.name} -e {context.environment}"
    if journal.kind in ("swap", "return"):
        old = f"box {journal.source}"
        kept = f"embeddings by {old} stand" if journal.collections else f"{old} with its data stands"
        text += f"; {kept} beside until it is retired"
        following = f"{command} --retire"
        following += f", or {command} --rollback" if journal.kind == "swap" else ""
    data = {
        "kind": journal.kind,
        "component": journal.component,
        "serving": serving,
        "beside": journal.source if journal.kind in ("swap", "return") else None,
        "steps": [
            {"name": step.name, "detail": step.detail, "seconds": step.seconds, "earlier": step.earlier}
            for step in taken
        ],
        "proof": journal.proof,
    }
    rows = [(s.name, f"{s.seconds:.1f} s", f"{s.detail}{' (earlier)' if s.earlier else ''}") for s in taken]
    return Answer(
        data,
        text,
        table=(("step", "took", "outcome"), rows) if rows else None,
        warnings=journal.warnings,
        next=following,
        stack=context.name,
        environment=context.environment,
    )
