"""stackgen diff: what would change, on disk and in the deployment."""

from __future__ import annotations

from argparse import Namespace
from dataclasses import asdict
from typing import TYPE_CHECKING

from stackgen.cli.console import Answer, Console
from stackgen.cli.context import Context, open_context
from stackgen.errors import ExitCode

if TYPE_CHECKING:
    from stackgen.rendering.program import Program


def run(arguments: Namespace, console: Console) -> Answer:
    """A unified diff of the files; then, if those on disk are current, the engine's preview."""
    from stackgen.rendering.explaining import explain
    from stackgen.rendering.writing import compare, diff

    context = open_context(arguments)
    plan = context.plan()
    program = context.program()
    sentences = explain(plan, program.folder)
    changes, lines = compare(program), list(diff(program))
    steps = [] if arguments.files or changes else _preview(context, program, console)
    text = (
        "".join(f"# {sentence}\n" for sentence in sentences)
        + "".join(lines)
        + "\n".join(f"{step['op']:8} {step['name']} {step['type']}" for step in steps)
    )
    changed = bool(changes or steps)
    return Answer(
        {"components": list(sentences), "files": asdict(changes), "diff": "".join(lines), "resources": steps},
        text or "nothing would change",
        next=f"stackgen up {context.name} -e {context.environment}" if changed else None,
        exit_code=ExitCode.UNEXPECTED_CHANGES if arguments.expect_no_changes and changed else ExitCode.OK,
        stack=context.name,
        environment=context.environment,
    )


def _preview(context: Context, program: Program, console: Console) -> list[dict[str, object]]:
    with console.working("previewing") as progress:
        outcome = context.running(program, progress).preview()
    return [asdict(step) for step in outcome.steps if step.op not in ("same", "refresh")]
