"""stackgen plan: who provides what."""

from __future__ import annotations

from argparse import Namespace
from typing import TYPE_CHECKING

from stackgen.cli.console import Answer, Console
from stackgen.cli.environment import open_named_environment

if TYPE_CHECKING:
    from stackgen.planning.model import Plan, PlannedComponent


def run(arguments: Namespace, console: Console) -> Answer:
    """The plan as a table, in order of creation."""
    from stackgen.planning.user_code import code_allowances, refuse_unpinned
    from stackgen.program.main_module import plain_data

    environment = open_named_environment(arguments)
    plan = environment.plan_with_checks()
    refuse_unpinned(plan)
    if arguments.images:
        return _images(environment.stack_name, plan)
    rows = [
        (
            _named(item, plan),
            item.capability,
            item.entry.id,
            item.implementation.level,
            ", ".join(item.waits_for),
        )
        for item in plan.all_components
    ]
    data = [
        {
            "component": item.name,
            "box": item.box,
            "serves": item not in plan.second_boxes,
            "capability": item.capability,
            "implementation": item.entry.id,
            "level": item.implementation.level,
            "instead_of": dict(item.instead_of),
            "billing": item.implementation.billing,
            "gpu": item.implementation.gpu,
            "internet": plan.egress.get(item.resource),
            "options": plain_data(item.options),
            "settings": plain_data(item.settings),
            "waits_for": list(item.waits_for),
            "kept": plain_data(item.kept),
            "not_kept": plain_data(item.not_kept),
        }
        for item in plan.all_components
    ]
    return Answer(
        data,
        "\n".join((*(_instead(item) for item in plan.all_components if item.instead_of), *_internet(plan))),
        table=(("component", "capability", "implementation", "level", "waits for"), rows),
        warnings=(*plan.warnings, *code_allowances(plan)),
        next=f"stackgen generate {environment.stack_name} -e {environment.name}",
        stack=environment.stack_name,
        environment=environment.name,
    )


def _images(name: str, plan: Plan) -> Answer:
    """Every container image, to be mirrored and approved."""
    from dataclasses import asdict

    from stackgen.planning.images import list_images

    found = list_images(plan)
    rows = [
        (i.component, i.upstream, i.taken if i.taken != i.upstream else "", "yes" if i.own else "")
        for i in found
    ]
    return Answer(
        [asdict(image) for image in found],
        table=(("component", "image", "taken from", "own"), rows),
        next=None,
        stack=name,
        environment=plan.environment,
    )


def _instead(item: PlannedComponent) -> str:
    """Why a component is not provided by its provider's default."""
    others = "; ".join(f"not {other}: {why}" for other, why in item.instead_of.items())
    return f"{item.name} by {item.entry.id}, {others}"


def _internet(plan: Plan) -> list[str]:
    """Components that may open connections to the internet, where the others may not, and why."""
    found = plan.egress
    return [f"{name} may open HTTPS connections to the internet: {why}" for name, why in found.items()]


def _named(item: PlannedComponent, plan: Plan) -> str:
    return f"{item.name} (box {item.box}, beside)" if item in plan.second_boxes else item.name
