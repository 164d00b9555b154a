"""Checks that the spec still names the component to which a swap has switched."""

from __future__ import annotations

import json
from collections.abc import Iterator

from stackgen.errors import ExitCode, Problem, StackgenError
from stackgen.planning.model import Plan
from stackgen.swap.journal import Journal, standing_moves
from stackgen.swap.overrides import Override, exchange_boxes, remove_second_box


def refuse_changed_spec(plan: Plan) -> None:
    """Raise StackgenError where the spec names another serving component than the swap's target.

    Applications would go back to what was current when bindings were switched, and write there.
    """
    problems = list(_problems(plan))
    if problems:
        raise StackgenError(problems, ExitCode.POLICY)


def refuse_reverted_spec(journal: Journal, serving: int, environment: str) -> None:
    """Raise StackgenError where the spec contradicts one swap. serving: the box that serves by the spec."""
    if _is_reverted(journal, serving):
        raise StackgenError(_reverted_problem(journal, serving, environment), ExitCode.POLICY)


def _problems(plan: Plan) -> Iterator[Problem]:
    renamed = {item.renamed_from: item.name for item in plan.components if item.renamed_from}
    for journal in standing_moves(plan.stack.name, plan.environment):
        item = plan.by_name.get(journal.component)
        if item is not None and _is_reverted(journal, item.box):
            yield _reverted_problem(journal, item.box, plan.environment)
        elif item is None and journal.component in renamed:
            name, now = journal.component, renamed[journal.component]
            message = f"'{name}' has a second box from a swap, and the spec now names it '{now}'"
            command = f"stackgen swap {plan.stack.name} {name} -e {plan.environment}"
            hint = f"name it '{name}' until it has one box again ({command} --retire, or --rollback)"
            yield Problem("swap-unfinished", message, hint=hint)


def _is_reverted(journal: Journal, serving: int) -> bool:
    """True if the spec names another serving component than the journal."""
    expected = journal.target if _switched_component(journal) else journal.source
    return journal.running != "switch" and serving != expected


def _switched_component(journal: Journal) -> bool:
    return journal.kind == "retire" or "switch" in journal.done


def _reverted_problem(journal: Journal, serving: int, environment: str) -> Problem:
    name, box = journal.component, journal.target if _switched_component(journal) else journal.source
    message = (
        f"by the spec box {serving} of '{name}' serves, and by its swap box {box} does: "
        f"environments.{environment}.components.{name} was changed since"
    )
    entry = _entry(journal) if journal.wanted else {}
    hint = f"put it back: `{name}: {json.dumps(entry)}`; or, " if entry else ""
    hint += f"if both were deleted since, delete {journal.path}"
    return Problem("spec-and-journal-differ", message, hint=hint)


def _entry(journal: Journal) -> Override:
    """What the move has written into the spec so far."""
    if not _switched_component(journal):
        return journal.wanted
    entry = exchange_boxes(journal.wanted)
    return remove_second_box(entry) if journal.collections else entry
