"""What another box in a component's place would change. Nothing is touched."""

from __future__ import annotations

from argparse import Namespace
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from stackgen import checkout
from stackgen.cli.console import Answer, Console
from stackgen.environment.context import Context, open_context
from stackgen.errors import ExitCode, Problem, StackgenError

if TYPE_CHECKING:
    from stackgen.planning.model import Plan, PlannedComponent
    from stackgen.spec.loading import LoadedStack
    from stackgen.swap.report.model import Impact


def report(arguments: Namespace, console: Console) -> Answer:
    """The impact, statement by statement; exit code 11 where a clause is lost that the application needs."""
    from stackgen.planning.lookup import require_component
    from stackgen.swap.report.compare import compare_components
    from stackgen.swap.target import changes, target

    context = open_context(arguments)
    if arguments.to is None:
        raise StackgenError(Problem("usage", "say which box to swap to", hint="--to IMPLEMENTATION|PROVIDER"))
    before = context.plan()
    found = require_component(before, arguments.component)
    entry = target(context.shelf, found.capability, arguments.to)
    wanted = after(context, found, entry.id, changes(arguments.changes))
    impact = compare_components(before, wanted, found.name, context.loaded)
    command = f"stackgen swap {context.name} {found.name} --to {entry.id} -e {context.environment} --apply"
    return answered(impact, f"{context.name}: {found.name}", arguments.markdown, context, command)


def answered(impact: Impact, title: str, markdown: str | None, context: Context, following: str) -> Answer:
    """An impact as an answer; written as Markdown too, if a file is named."""
    from stackgen.swap.report.formats import HEADER, rows
    from stackgen.swap.report.formats import markdown as as_markdown
    from stackgen.swap.report.model import counted

    if markdown:
        checkout.write(markdown, as_markdown(impact, title))
    lost = [item.says for item in impact.needs_lost]
    summary = [f"  {topic}: {counted(counts.items())}" for topic, counts in impact.counts().items()]
    text = "\n".join([f"{title}: {impact.before} -> {impact.after}", *summary])
    if lost:
        text += "\nneeded and lost: " + "; ".join(lost)
    found = rows(impact)
    return Answer(
        impact.as_json(),
        text,
        table=(HEADER, found) if found else None,
        next=None if lost else following,
        exit_code=ExitCode.PROMOTION_REFUSED if lost else ExitCode.OK,
        stack=context.name,
        environment=context.environment,
    )


def after(context: Context, found: PlannedComponent, to: str, given: dict[str, Any]) -> Plan:
    """The plan with the new box alone in the component's place; raises StackgenError if there can be none."""
    from stackgen.planning.plan import plan

    return plan(without_needs(changed(context, found, to, given)), context.environment, context.shelf)


def changed(context: Context, found: PlannedComponent, to: str, given: dict[str, Any]) -> LoadedStack:
    """The spec with the new box alone in the component's place; nothing is written."""
    from stackgen.spec.editing import edit
    from stackgen.swap.overrides import alone, exchanged, with_beside

    loaded = context.loaded
    override = with_beside(
        loaded.stack, context.environment, found.name, before=found.entry.id, to=to, changes=given
    )
    return edit(loaded, context.environment, found.name, alone(exchanged(override)), dry=True)


def without_needs(loaded: LoadedStack) -> LoadedStack:
    """The same stack that needs no clause: what would be lost is to be reported, not refused."""
    components = {
        name: item.model_copy(update={"needs": []}) for name, item in loaded.stack.components.items()
    }
    return replace(loaded, stack=loaded.stack.model_copy(update={"components": components}))
