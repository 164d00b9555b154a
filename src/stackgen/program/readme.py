"""README.md of a program: what it creates, a diagram, how to apply and undo."""

from __future__ import annotations

from collections.abc import Iterator

from stackgen import __version__
from stackgen.descriptors.prose import Prose
from stackgen.planning.model import Plan
from stackgen.program.literals import Code, yaml_string
from stackgen.program.main_module import configuration_key, python_name
from stackgen.program.templating import escape_markdown, prose_markdown, render


def readme(plan: Plan) -> str:
    """The README's text. Component and environment names are slugs, so they stand as they are."""
    return render(
        "README.md.jinja",
        name=Code(plan.stack.name),
        environment=Code(plan.environment),
        description=escape_markdown(plan.stack.description or ""),
        version=Code(__version__),
        spec=Code(plan.spec_path.name)
        if plan.spec_path.name == "stack.yaml"
        else escape_markdown(plan.spec_path.name),
        personal=plan.state_is_personal,
        configuration=list(configuration(plan)),
        rows=list(_rows(plan)),
        edges=list(_edges(plan)),
        not_kept=list(_not_kept(plan)),
        notes=[
            prose_markdown(note) if isinstance(note, Prose) else escape_markdown(note) for note in plan.notes
        ],
    )


def configuration(plan: Plan) -> Iterator[dict[str, Code | None]]:
    """Settings that the program reads from Pulumi's configuration: key, description, default by the spec."""
    for foundation in plan.foundations:
        for name in foundation.configured:
            value = getattr(foundation.settings, name)
            described = type(foundation.settings).model_fields[name].description or name
            yield {
                "key": Code(configuration_key(foundation.provider, name)),
                "description": Code(yaml_string(described)),
                "default": Code(yaml_string(value)) if value is not None else None,
            }


def _rows(plan: Plan) -> Iterator[dict[str, Code]]:
    for item in plan.all_components:
        yield {
            "name": Code(item.label),
            "node": python_name(item.label, plan),
            "capability": Code(item.capability),
            "implementation": Code(item.entry.id),
            "level": Code(item.implementation.level),
            "contracts": Code(", ".join(f"`{name}`" for name in item.implementation.kept) or "none"),
        }


def _edges(plan: Plan) -> Iterator[dict[str, Code]]:
    for item in plan.all_components:
        for name in item.mentions:
            strong = name in item.waits_for
            yield {
                "source": python_name(item.label, plan),
                "arrow": Code("-->" if strong else "-.->"),
                "target": python_name(plan.by_name[name].label, plan),
            }


def _not_kept(plan: Plan) -> Iterator[dict[str, Code]]:
    for item in plan.components:
        for contract, clauses in item.not_kept.items():
            for clause, why in clauses.items():
                yield {
                    "name": Code(item.name),
                    "clause": Code(f"`{contract}`: {clause}"),
                    "why": prose_markdown(Prose(why), cell=True),
                }
