"""stackgen up: generate the program and deploy it."""

from __future__ import annotations

import time
from argparse import Namespace

from stackgen.cli.addresses import addresses
from stackgen.cli.console import Answer, Console
from stackgen.cli.context import open_context


def run(arguments: Namespace, console: Console) -> Answer:
    """Write the program if need be, then make what runs equal to it."""
    from stackgen.rendering.writing import write

    context = open_context(arguments)
    start = time.monotonic()
    question = f"Deploy {context.name} to {context.environment}?"
    if not console.confirm(question, yes=arguments.yes, no_input=arguments.no_input):
        return Answer(text="nothing was done", exit_code=8)
    changes = write(context.program(), force=arguments.force)
    with console.working(f"deploying {context.name} to {context.environment}") as progress:
        if changes:
            progress(f"program written: {len(changes.created)} files new, {len(changes.updated)} changed")
        outcome = context.deployment(progress).up()
    done = {op: count for op, count in outcome.counts.items() if op not in ("same", "refresh", "read")}
    summary = ", ".join(f"{count} {op}" for op, count in sorted(done.items())) or "nothing changed"
    bindings = outcome.outputs.get("bindings", {})
    console.say(
        f"{context.name} is up in {context.environment} after {time.monotonic() - start:.1f} s: {summary}"
    )
    return Answer(
        {"changes": done, "bindings": {name: list(found) for name, found in bindings.items()}},
        table=(("component", "contract", "address"), addresses(bindings)),
        next=f"stackgen verify {context.name} -e {context.environment}",
        stack=context.name,
        environment=context.environment,
    )
