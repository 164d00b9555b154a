"""What another box in a component's place would change. Nothing is touched."""

from __future__ import annotations

from argparse import Namespace
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from stackgen.cli.console import Answer, Console
from stackgen.cli.context import Context, open_context
from stackgen.errors import ExitCode, Problem, StackgenError

if TYPE_CHECKING:
    from stackgen.impact.model import Impact
    from stackgen.planning.model import Plan
    from stackgen.spec.loading import LoadedStack


def report(arguments: Namespace, console: Console) -> Answer:
    """The impact, statement by statement; exit code 11 where a clause is lost that the application needs."""
    from stackgen.impact.compare import compare_components
    from stackgen.planning.target import changes, swapped, target

    context = open_context(arguments)
    if arguments.to is None:
        raise StackgenError(Problem("usage", "say which box to swap to", hint="--to IMPLEMENTATION|PROVIDER"))
    before = context.plan()
    found = swapped(before, arguments.component)
    entry = target(context.shelf, found.capability, arguments.to)
    after = _after(context, found.name, found.entry.id, entry.id, changes(arguments.changes))
    impact = compare_components(before, after, found.name, context.loaded)
    command = f"stackgen swap {context.name} {found.name} --to {entry.id} -e {context.environment} --apply"
    return answered(impact, f"{context.name}: {found.name}", arguments.markdown, context, command)


def answered(impact: Impact, title: str, markdown: str | None, context: Context, following: str) -> Answer:
    """An impact as an answer; written as Markdown too, if a file is named."""
    from stackgen.impact.model import counted
    from stackgen.impact.reports import HEADER, rows
    from stackgen.impact.reports import markdown as as_markdown

    if markdown:
        Path(markdown).write_text(as_markdown(impact, title), encoding="utf-8")
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


def _after(context: Context, component: str, before: str, to: str, given: dict[str, object]) -> Plan:
    """The plan with the new box alone in the component's place; raises StackgenError if there can be none."""
    from stackgen.planning.plan import plan
    from stackgen.spec.editing import edit
    from stackgen.swapping.overrides import alone, exchanged, with_beside

    loaded = context.loaded
    override = with_beside(loaded.stack, context.environment, component, before=before, to=to, changes=given)
    override = alone(exchanged(override))
    changed = edit(loaded, context.environment, component, override, dry=True)
    return plan(without_needs(changed), context.environment, context.shelf)


def without_needs(loaded: LoadedStack) -> LoadedStack:
    """The same stack that needs no clause: what would be lost is to be reported, not refused."""
    components = {
        name: item.model_copy(update={"needs": []}) for name, item in loaded.stack.components.items()
    }
    return replace(loaded, stack=loaded.stack.model_copy(update={"components": components}))
