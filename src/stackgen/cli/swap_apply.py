"""Carries out or continues a swap, returns to the old component, or retires it."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Sequence
from typing import TYPE_CHECKING

from stackgen.cli.console import Answer, Console
from stackgen.cli.environment import open_named_environment
from stackgen.environment.opened import OpenedEnvironment
from stackgen.errors import ExitCode

if TYPE_CHECKING:
    from stackgen.swap.journal import Journal
    from stackgen.swap.move import Move
    from stackgen.swap.run import TakenStep
    from stackgen.swap.site import Site


def apply_swap(arguments: Namespace, console: Console) -> Answer:
    """Take the steps that the given word asks for, after a yes."""
    from stackgen.planning.lookup import require_component
    from stackgen.swap.journal import journal_path, lock_journal
    from stackgen.swap.site import Site

    environment = open_named_environment(arguments)
    environment.refuse_another_checkout()
    component = require_component(environment.plan(), arguments.component).name
    path = journal_path(environment.stack_name, environment.name, component)
    with lock_journal(path), console.working(f"swapping {component}") as progress:
        site = Site(environment, component, progress, bool(arguments.accept_data))
        with site.connection():
            return _apply(arguments, console, site)


def _apply(arguments: Namespace, console: Console, site: Site) -> Answer:
    from stackgen.swap.run import run_steps

    environment = site.environment
    move = _move(arguments, environment, site)
    journal = move.journal
    if journal.finished:
        if journal.kind in ("abandon", "retire"):  # killed after its end, before it was forgotten
            journal.remove()
        return _answer(environment, journal, [])
    _report_user_files(environment, console, site)
    console.say(_announcement(move))
    if not console.confirm(_question(environment, journal), yes=arguments.yes, no_input=arguments.no_input):
        return Answer(text="nothing was done", exit_code=ExitCode.CANCELLED)
    journal.save()
    taken = run_steps(move)
    if journal.kind in ("abandon", "retire"):
        journal.remove()
    return _answer(environment, journal, taken)


def _report_user_files(environment: OpenedEnvironment, console: Console, site: Site) -> None:
    """As `up` does, before anyone agrees: a swap deploys the program too."""
    from stackgen.planning.user_code import code_allowances, refuse_unpinned

    plan = environment.plan()
    refuse_unpinned(plan)
    for warning in code_allowances(plan):
        console.say(f"warning: {warning}")
    site.report_user_files(environment.program())


def _move(arguments: Namespace, environment: OpenedEnvironment, site: Site) -> Move:
    """The move to make: the one in the journal, if it is not at its end, else a new one."""
    from stackgen.swap.journal import journal_path, read_journal
    from stackgen.swap.moves import move_of
    from stackgen.swap.start import start_retirement, start_rollback, start_swap

    journal = read_journal(journal_path(environment.stack_name, environment.name, site.component))
    if arguments.retire:
        journal = start_retirement(site, journal)
    elif arguments.rollback:
        journal = start_rollback(site, journal)
    else:
        journal = start_swap(site, journal, arguments.to, arguments.changes)
    return move_of(site, journal)


def _announcement(move: Move) -> str:
    """What is going to happen, and what can't go along."""
    journal = move.journal
    lines = [f"  {step.name:8} {step.does}" for step in move.steps() if step.name not in journal.done]
    if journal.kind in ("swap", "return"):
        lines += [f"  {sentence}" for sentence in move.describe()]
    return "\n".join(lines)


def _question(environment: OpenedEnvironment, journal: Journal) -> str:
    where = f"'{journal.component}' of {environment.stack_name} in environment '{environment.name}'"
    return {
        "swap": f"Swap box {journal.source} of {where} for box {journal.target}?",
        "return": f"Return to box {journal.target} of {where}?",
        "abandon": f"Give up box {journal.target} of {where} and DELETE it?",
        "retire": f"Retire box {journal.source} of {where} and DELETE ITS DATA?",
    }[journal.kind]


def _answer(environment: OpenedEnvironment, journal: Journal, taken: Sequence[TakenStep]) -> Answer:
    serving = journal.source if journal.kind == "abandon" else journal.target
    command = f"stackgen swap {environment.stack_name} {journal.component} -e {environment.name}"
    text = f"box {serving} of '{journal.component}' serves in environment '{environment.name}'"
    following = f"stackgen verify {environment.stack_name} -e {environment.name}"
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
        stack=environment.stack_name,
        environment=environment.name,
    )
