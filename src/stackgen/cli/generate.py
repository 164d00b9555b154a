"""stackgen generate: write the program."""

from __future__ import annotations

from stackgen.cli.console import Answer, Console
from stackgen.disk.unchanged import Request, Unchanged, find_unchanged

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import Namespace

    from stackgen.disk.writing import Changes
    from stackgen.program.build import Program


def run(arguments: Namespace, console: Console) -> Answer:
    """Write the program as a whole, or with --check say whether that would change anything."""
    request = Request(arguments.stack, arguments.environment, arguments.output)
    known = find_unchanged(request)
    return _nothing_to_do(known) if known is not None else _generate(arguments, console, request)


def _nothing_to_do(known: Unchanged) -> Answer:
    changes: dict[str, tuple[str, ...]] = dict.fromkeys(("created", "updated", "deleted", "edited"), ())
    return Answer(
        {"folder": known.folder, **changes},
        f"{known.folder} is up to date",
        next=f"stackgen up {known.stack} -e {known.environment}",
        stack=known.stack,
        environment=known.environment,
    )


def _generate(arguments: Namespace, console: Console, request: Request) -> Answer:
    from dataclasses import asdict

    from stackgen.cli.environment import open_named_environment
    from stackgen.disk.unchanged import record_inputs
    from stackgen.errors import ExitCode

    environment = open_named_environment(arguments)
    plan = environment.plan_with_checks(accept_embeddings=arguments.accept_embeddings)
    program = environment.program(plan)
    changes = _changes(program, arguments, console)
    if len(environment.shelf.roots) == 1 and not (arguments.check and changes):
        record_inputs(request, plan, program)  # the code of a private shelf may read anything
    verb = "would be" if arguments.check else "were"
    counts = f"{len(changes.created)} created, {len(changes.updated)} updated, {len(changes.deleted)} deleted"
    text = f"{program.folder}: files {verb} {counts}" if changes else f"{program.folder} is up to date"
    return Answer(
        {"folder": str(program.folder), **asdict(changes)},
        text,
        next=f"stackgen up {environment.stack_name} -e {environment.name}",
        exit_code=ExitCode.UNEXPECTED_CHANGES if arguments.check and changes else ExitCode.OK,
        stack=environment.stack_name,
        environment=environment.name,
    )


def _changes(program: Program, arguments: Namespace, console: Console) -> Changes:
    """Write the program, or with --check only compare it; show what would be lost of files changed by hand."""
    from stackgen.disk.writing import compare_folder, diff_folder, write_program
    from stackgen.errors import StackgenError

    if not arguments.check:
        try:
            return write_program(
                program, force=arguments.force
            )  # compares while no other run can replace the folder
        except StackgenError as error:
            if any(problem.code == "hand-edited" for problem in error.problems):
                console.say("".join(diff_folder(program)))
            raise
    changes = compare_folder(program)
    if changes.edited and not arguments.force:
        console.say("".join(diff_folder(program)))
    return changes
