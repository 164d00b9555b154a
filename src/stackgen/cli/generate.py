"""stackgen generate: write the program."""

from __future__ import annotations

from argparse import Namespace
from dataclasses import asdict

from stackgen.cli.console import Answer, Console
from stackgen.cli.context import open_context
from stackgen.errors import ExitCode


def run(arguments: Namespace, console: Console) -> Answer:
    """Write the program as a whole, or with --check say whether that would change anything."""
    from stackgen.rendering.writing import compare, diff, write

    context = open_context(arguments)
    if not arguments.accept_embeddings:
        context.checked_plan()
    program = context.program()
    changes = compare(program)
    if changes.edited and not arguments.force:
        console.say("".join(diff(program)))
    if not arguments.check:
        write(program, force=arguments.force)
    verb = "would be" if arguments.check else "were"
    counts = f"{len(changes.created)} created, {len(changes.updated)} updated, {len(changes.deleted)} deleted"
    text = f"{program.folder}: files {verb} {counts}" if changes else f"{program.folder} is up to date"
    return Answer(
        {"folder": str(program.folder), **asdict(changes)},
        text,
        next=f"stackgen up {context.name} -e {context.environment}",
        exit_code=ExitCode.UNEXPECTED_CHANGES if arguments.check and changes else ExitCode.OK,
        stack=context.name,
        environment=context.environment,
    )
