"""stackgen status: what runs."""

from __future__ import annotations

from argparse import Namespace
from dataclasses import asdict

from stackgen.cli.console import Answer, Console
from stackgen.cli.context import open_context


def run(arguments: Namespace, console: Console) -> Answer:
    """Processes with state and memory where the provider can tell, else the deployed components."""
    context = open_context(arguments)
    resources = context.deployment(lambda _: None).resources()
    provider = context.loaded.stack.environments[context.environment].provider
    operations = context.shelf.operations(provider)
    running = operations.status(resources) if operations is not None else []
    rows = [
        (item.name, item.state, str(item.pid), f"{item.memory / 1e6:.0f} MB", f"{item.uptime} s")
        for item in running
    ]
    total = sum(item.memory for item in running) / 1e6
    rows += [("all", "", "", f"{total:.0f} MB", "")] if rows else []
    return Answer(
        [asdict(item) for item in running],
        text="" if rows else f"{context.name} does not run in {context.environment}",
        table=(("process", "state", "pid", "memory", "up for"), rows) if rows else None,
        next=None if rows else f"stackgen up {context.name} -e {context.environment}",
        stack=context.name,
        environment=context.environment,
    )
