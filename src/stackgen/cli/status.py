"""stackgen status: what runs."""

from __future__ import annotations

from argparse import Namespace

from stackgen.cli.console import Answer, Console
from stackgen.cli.environment import open_named_environment


def run(arguments: Namespace, console: Console) -> Answer:
    """Processes or pods with their state, where the provider can tell."""
    environment = open_named_environment(arguments)
    resources = environment.resources()
    operations = environment.operations()
    found = operations.status(resources) if operations is not None else None
    again = f"stackgen up {environment.stack_name} -e {environment.name}"
    warnings = [
        sentence
        for sentence in (environment.interruption_warning(), found.fault if found else "")
        if sentence
    ]
    if found is None or not found.rows:
        return Answer(
            list(found.items) if found else [],
            text=f"{environment.stack_name} does not run in environment '{environment.name}'"
            if found
            else f"what runs on {environment.provider} is not watched from here: "
            f"{len(resources)} resources are deployed",
            warnings=warnings,
            next=again,
            stack=environment.stack_name,
            environment=environment.name,
        )
    return Answer(
        list(found.items),
        table=(found.header, found.rows),
        warnings=warnings,
        next=again if warnings else None,
        stack=environment.stack_name,
        environment=environment.name,
    )
