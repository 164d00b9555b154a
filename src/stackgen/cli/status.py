"""stackgen status: what runs."""

from __future__ import annotations

from argparse import Namespace

from stackgen.cli.console import Answer, Console
from stackgen.environment.context import open_context


def run(arguments: Namespace, console: Console) -> Answer:
    """Processes or pods with their state, where the provider can tell."""
    context = open_context(arguments)
    resources = context.deployment(lambda _: None).resources()
    provider = context.loaded.stack.environments[context.environment].provider
    operations = context.shelf.operations(provider)
    found = operations.status(resources) if operations is not None else None
    again = f"stackgen up {context.name} -e {context.environment}"
    warnings = [sentence for sentence in (context.unfinished(), found.fault if found else "") if sentence]
    if found is None or not found.rows:
        return Answer(
            list(found.items) if found else [],
            text=f"{context.name} does not run in {context.environment}"
            if found
            else f"what runs on {provider} is not watched from here: {len(resources)} resources are deployed",
            warnings=warnings,
            next=again,
            stack=context.name,
            environment=context.environment,
        )
    return Answer(
        list(found.items),
        table=(found.header, found.rows),
        warnings=warnings,
        next=again if warnings else None,
        stack=context.name,
        environment=context.environment,
    )
