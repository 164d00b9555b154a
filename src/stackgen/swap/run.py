"""Takes the steps, notes each in the journal, and leaves the old box serving when one fails."""

from __future__ import annotations

import time
from dataclasses import dataclass

from stackgen.errors import Problem, StackgenError
from stackgen.swap.journal import Journal
from stackgen.swap.overrides import exchanged
from stackgen.swap.steps import Steps


@dataclass(frozen=True)
class Taken:
    """A step that was taken. seconds: how long it took. earlier: by a run before this one."""

    name: str
    detail: str
    seconds: float
    earlier: bool


def go_on(steps: Steps) -> list[Taken]:
    """Take every step that is not done yet.

    Raises the StackgenError of a step that fails. Before bindings are switched the old box then takes writes
    again; after that, everything returns to it first.
    """
    journal, taken = steps.journal, list[Taken]()
    for step in steps.plan():
        known = journal.done.get(step.name)
        if known is not None:
            taken.append(Taken(step.name, known["detail"], known["seconds"], True))
            continue
        journal.begin(step.name)
        steps.site.progress(step.does)
        start = time.monotonic()
        try:
            detail = step.take()
        except StackgenError as error:
            raise _let_go(steps, error) from error
        except BaseException:  # Ctrl-C, or a bug of ours: nothing is left frozen for it
            if journal.kind in ("swap", "return") and not steps.switched:
                _thaw(steps)
            raise
        seconds = time.monotonic() - start
        journal.finish(step.name, detail, seconds)
        taken.append(Taken(step.name, detail, round(seconds, 1), False))
    journal.finished = True
    journal.save()
    return taken


def way_back(journal: Journal) -> Journal:
    """A move to the box that served before, in the journal's place."""
    back = Journal(journal.path, "return", journal.component, journal.target, journal.source)
    back.settled = journal.settled
    back.wanted = exchanged(journal.wanted)
    back.memory, back.collections, back.proof = journal.memory, journal.collections, dict(journal.proof)
    back.made, back.given_port = journal.made, journal.given_port
    back.former = journal.content() if journal.finished else {}
    return back


def _let_go(steps: Steps, error: StackgenError) -> StackgenError:
    """Leave the old box serving; the error, with what was done about it."""
    journal = steps.journal
    if journal.kind not in ("swap", "return"):
        return error
    if not steps.switched:
        try:
            _thaw(steps)
        except StackgenError as also:
            return StackgenError([*error.problems, *also.problems, _frozen(steps)], error.exit_code)
        message = f"box {journal.source} of '{journal.component}' serves as before; its data is untouched"
        told = Problem(
            "swap-stopped",
            message,
            hint=f"go on with `{_command(steps)} {'--apply' if journal.kind == 'swap' else '--rollback'}`",
            next=f"{_command(steps)} --rollback",
        )
        return StackgenError([*error.problems, told], error.exit_code)
    if journal.kind == "return":
        return error
    back = way_back(journal)
    back.reason = error.problems[0].message
    back.save()
    steps.site.progress(f"box {journal.target} failed, so box {journal.source} serves again: {back.reason}")
    try:
        go_on(type(steps)(steps.site, back))
    except StackgenError as also:
        raise StackgenError([*error.problems, *also.problems], error.exit_code) from also
    message = f"the new box failed after bindings were switched, so box {journal.source} serves again, with all data"
    return StackgenError([*error.problems, Problem("swap-rolled-back", message)], error.exit_code)


def _command(steps: Steps) -> str:
    return f"stackgen swap {steps.site.name} {steps.journal.component} -e {steps.site.environment.name}"


def _frozen(steps: Steps) -> Problem:
    message = f"box {steps.journal.source} of '{steps.journal.component}' serves as before, and still refuses writes"
    return Problem("box-frozen", message, next=f"{_command(steps)} --rollback")


def _thaw(steps: Steps) -> None:
    """The old box takes writes; what was copied while it did not is copied again next time."""
    if steps.journal.frozen:
        steps.thaw()
    steps.journal.forget("freeze", "delta", "open", "hide")
