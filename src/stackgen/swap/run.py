"""Takes the steps, notes each in the journal, and restores the old component when one fails."""

from __future__ import annotations

import time
from dataclasses import dataclass

from stackgen.errors import Problem, StackgenError
from stackgen.swap.journal import Journal
from stackgen.swap.move import Move
from stackgen.swap.overrides import exchange_boxes


@dataclass(frozen=True)
class TakenStep:
    """A step that was taken. seconds: how long it took. earlier: by a run before this one."""

    name: str
    detail: str
    seconds: float
    earlier: bool


def run_steps(move: Move) -> list[TakenStep]:
    """Take every step that is not done yet.

    Raises the StackgenError of a step that fails. Before bindings are switched the old box then takes writes
    again; after that, everything returns to it first.
    """
    journal, taken = move.journal, list[TakenStep]()
    for step in move.steps():
        known = journal.done.get(step.name)
        if known is not None:
            taken.append(TakenStep(step.name, known["detail"], known["seconds"], True))
            continue
        journal.begin(step.name)
        move.site.progress(step.does)
        start = time.monotonic()
        try:
            detail = step.take()
        except StackgenError as error:
            raise _restore_service(move, error) from error
        except BaseException:  # Ctrl-C, or a bug of ours: nothing is left frozen for it
            if journal.kind in ("swap", "return") and not move.switched:
                _thaw(move)
            raise
        seconds = time.monotonic() - start
        journal.finish(step.name, detail, seconds)
        taken.append(TakenStep(step.name, detail, round(seconds, 1), False))
    journal.finished = True
    journal.save()
    return taken


def reverse_journal(journal: Journal) -> Journal:
    """Replace a journal by one of the move back to the old component."""
    back = Journal(journal.path, "return", journal.component, journal.target, journal.source)
    back.settled = journal.settled
    back.wanted = exchange_boxes(journal.wanted)
    back.memory, back.collections, back.proof = journal.memory, journal.collections, dict(journal.proof)
    back.made, back.given_port = journal.made, journal.given_port
    back.former = journal.content() if journal.finished else {}
    return back


def _restore_service(move: Move, error: StackgenError) -> StackgenError:
    """Restore the old component; return the error, with what was done."""
    journal = move.journal
    if journal.kind not in ("swap", "return"):
        return error
    if not move.switched:
        try:
            _thaw(move)
        except StackgenError as also:
            return StackgenError(
                [*error.problems, *also.problems, _still_frozen_problem(move)], error.exit_code
            )
        message = f"box {journal.source} of '{journal.component}' serves as before; its data is untouched"
        stopped = Problem(
            "swap-stopped",
            message,
            hint=f"go on with `{_command(move)} {'--apply' if journal.kind == 'swap' else '--rollback'}`",
            next=f"{_command(move)} --rollback",
        )
        return StackgenError([*error.problems, stopped], error.exit_code)
    if journal.kind == "return":
        return error
    back = reverse_journal(journal)
    back.reason = error.problems[0].message
    back.save()
    move.site.progress(f"box {journal.target} failed, so box {journal.source} serves again: {back.reason}")
    try:
        run_steps(type(move)(move.site, back))
    except StackgenError as also:
        raise StackgenError([*error.problems, *also.problems], error.exit_code) from also
    message = (
        f"the new component failed after the switch, so box {journal.source} serves again, with all data"
    )
    return StackgenError([*error.problems, Problem("swap-rolled-back", message)], error.exit_code)


def _command(move: Move) -> str:
    return f"stackgen swap {move.site.name} {move.journal.component} -e {move.site.environment.name}"


def _still_frozen_problem(move: Move) -> Problem:
    message = (
        f"box {move.journal.source} of '{move.journal.component}' serves as before, and still refuses writes"
    )
    return Problem("box-frozen", message, next=f"{_command(move)} --rollback")


def _thaw(move: Move) -> None:
    """Let the old component take writes; the next run repeats copies that were made while it did not."""
    if move.journal.frozen:
        move.thaw()
    move.journal.repeat("freeze", "delta", "open", "hide")
