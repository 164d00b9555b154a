"""stackgen diff: what would change, on disk and in the deployment."""

from __future__ import annotations

from argparse import Namespace
from contextlib import nullcontext
from dataclasses import asdict
from typing import TYPE_CHECKING

from stackgen.cli.console import Answer, Console
from stackgen.cli.environment import open_named_environment
from stackgen.environment.opened import OpenedEnvironment
from stackgen.errors import ExitCode, Problem, StackgenError

if TYPE_CHECKING:
    from stackgen.disk.writing import Changes
    from stackgen.engine.reviewing import Review
    from stackgen.planning.model import Plan
    from stackgen.program.build import Program


def run(arguments: Namespace, console: Console) -> Answer:
    """A unified diff of the files, and the engine's preview of the program as it would be written."""
    from stackgen.disk.explanation import explain_changes
    from stackgen.disk.writing import compare_folder, diff_folder
    from stackgen.swap.consistency import refuse_changed_spec

    environment = open_named_environment(arguments)
    plan = environment.plan()
    refuse_changed_spec(plan)
    program = environment.program()
    sentences = explain_changes(plan, program.folder)
    changes, lines = compare_folder(program), list(diff_folder(program))
    review = None if arguments.files else _preview(environment, console, plan, program, changes)
    steps = _steps(review)
    text = (
        "".join(f"# {sentence}\n" for sentence in sentences)
        + "".join(lines)
        + "\n".join((*(f"{step['op']:8} {step['name']} {step['type']}" for step in steps), *_data(review)))
    )
    changed = bool(changes or steps)
    data = {
        "components": list(sentences),
        "files": asdict(changes),
        "diff": "".join(lines),
        "resources": steps,
        "data": {
            "kept": list(review.kept) if review is not None else [],
            "would_go": list(review.lost) if review is not None else [],
        },
    }
    return Answer(
        data,
        text or "nothing would change",
        next=f"stackgen up {environment.stack_name} -e {environment.name}" if changed else None,
        exit_code=ExitCode.UNEXPECTED_CHANGES if arguments.expect_no_changes and changed else ExitCode.OK,
        stack=environment.stack_name,
        environment=environment.name,
    )


def _preview(
    environment: OpenedEnvironment, console: Console, plan: Plan, program: Program, changes: Changes
) -> Review:
    from stackgen.disk.staging import stage
    from stackgen.disk.user_files import report_user_files
    from stackgen.disk.writing import compare_folder
    from stackgen.engine.deployment import Deployment
    from stackgen.engine.modules import read_reviewed_modules, run_from_memory
    from stackgen.engine.reviewing import preview_update
    from stackgen.planning.data_resources import data_types

    known = data_types(environment.shelf)
    place = stage(program) if changes else nullcontext(program.folder)
    with console.working("previewing") as progress, place as folder:
        deployment = Deployment(folder, environment.stack_name, environment.name, progress)
        found = read_reviewed_modules(folder, program.folder)
        report_user_files(program, progress)
        if compare_folder(program) != changes or read_reviewed_modules(folder, program.folder) != found:
            raise _changed(environment)
        deployment.prepare()
        with run_from_memory(found):
            return preview_update(deployment, plan, known)


def _changed(environment: OpenedEnvironment) -> StackgenError:
    message = (
        f"{environment.program().folder} was written to while it was compared, by another command or by hand"
    )
    command = f"stackgen diff {environment.stack_name} -e {environment.name}"
    return StackgenError(Problem("program-changed", message, next=command), ExitCode.DEPLOYMENT)


def _steps(review: Review | None) -> list[dict[str, object]]:
    """What would be done, one entry per operation of a resource."""
    if review is None or review.outcome is None:
        return []
    steps = (step for step in review.outcome.steps if step.op not in ("same", "refresh"))
    return [{"op": s.op, "type": s.type, "name": s.name, "keys": s.keys} for s in dict.fromkeys(steps)]


def _data(review: Review | None) -> list[str]:
    from stackgen.cli.review_summary import data_lines

    return [] if review is None else [f"# {line}" for line in data_lines(review)]
