"""What another box in a component's place would change. Nothing is touched."""

from __future__ import annotations

from argparse import Namespace

from stackgen.cli.console import Answer, Console
from stackgen.cli.context import open_context
from stackgen.errors import ExitCode, Problem, StackgenError


def report(arguments: Namespace, console: Console) -> Answer:
    """Clauses lost and gained; exit code 11 where one is lost that the application needs."""
    from stackgen.planning.target import lost, swapped, target

    context = open_context(arguments)
    if arguments.to is None:
        raise StackgenError(Problem("usage", "say which box to swap to", hint="--to IMPLEMENTATION|PROVIDER"))
    found = swapped(context.plan(), arguments.component)
    entry = target(context.shelf, found.capability, arguments.to)
    before, after = found.implementation.kept, entry.implementation.kept
    rows = [(name, clause, "lost") for name, clauses in lost(before, after).items() for clause in clauses]
    rows += [(name, clause, "gained") for name, clauses in lost(after, before).items() for clause in clauses]
    needed = [clause for _, clause, change in rows if change == "lost" and clause in found.needs]
    command = f"stackgen swap {context.name} {found.name} --to {entry.id} -e {context.environment} --apply"
    return Answer(
        {"from": found.entry.id, "to": entry.id, "clauses": rows, "needs_lost": needed},
        text=f"{found.name}: {found.entry.id} -> {entry.id}",
        table=(("contract", "clause", "change"), rows) if rows else None,
        next=None if needed else command,
        exit_code=ExitCode.PROMOTION_REFUSED if needed else ExitCode.OK,
        stack=context.name,
        environment=context.environment,
    )
