"""stackgen plan: who provides what."""

from __future__ import annotations

from argparse import Namespace
from typing import TYPE_CHECKING

from stackgen.cli.console import Answer, Console
from stackgen.cli.context import open_context

if TYPE_CHECKING:
    from stackgen.planning.model import Plan, PlannedComponent


def run(arguments: Namespace, console: Console) -> Answer:
    """The plan as a table, in order of creation."""
    from stackgen.rendering.main_module import plain_data

    context = open_context(arguments)
    plan = context.checked_plan()
    rows = [
        (
            _named(item, plan),
            item.capability,
            item.entry.id,
            item.implementation.level,
            ", ".join(item.waits_for),
        )
        for item in plan.boxes
    ]
    data = [
        {
            "component": item.name,
            "box": item.box,
            "serves": item not in plan.beside,
            "capability": item.capability,
            "implementation": item.entry.id,
            "level": item.implementation.level,
            "options": plain_data(item.options),
            "settings": plain_data(item.settings),
            "waits_for": list(item.waits_for),
            "kept": plain_data(item.implementation.kept),
            "not_kept": plain_data(item.implementation.not_kept),
        }
        for item in plan.boxes
    ]
    return Answer(
        data,
        table=(("component", "capability", "implementation", "level", "waits for"), rows),
        warnings=plan.warnings,
        next=f"stackgen generate {context.name} -e {context.environment}",
        stack=context.name,
        environment=context.environment,
    )


def _named(item: PlannedComponent, plan: Plan) -> str:
    return f"{item.name} (box {item.box}, beside)" if item in plan.beside else item.name
