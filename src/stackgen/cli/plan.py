"""stackgen plan: who provides what."""

from __future__ import annotations

from argparse import Namespace

from stackgen.cli.console import Answer, Console
from stackgen.cli.context import open_context


def run(arguments: Namespace, console: Console) -> Answer:
    """The plan as a table, in order of creation."""
    from stackgen.rendering.main_module import plain_data

    context = open_context(arguments)
    plan = context.checked_plan()
    rows = [
        (item.name, item.capability, item.entry.id, item.implementation.level, ", ".join(item.waits_for))
        for item in plan.components
    ]
    data = [
        {
            "component": item.name,
            "capability": item.capability,
            "implementation": item.entry.id,
            "level": item.implementation.level,
            "options": plain_data(item.options),
            "settings": plain_data(item.settings),
            "waits_for": list(item.waits_for),
            "kept": plain_data(item.implementation.kept),
            "not_kept": plain_data(item.implementation.not_kept),
        }
        for item in plan.components
    ]
    return Answer(
        data,
        table=(("component", "capability", "implementation", "level", "waits for"), rows),
        warnings=plan.warnings,
        next=f"stackgen generate {context.name} -e {context.environment}",
        stack=context.name,
        environment=context.environment,
    )
