"""Refuses to delete the last copy of data: the serving component lost its own, and only the other one has it."""

from __future__ import annotations

from stackgen.contracts.mover import describe_large_losses
from stackgen.errors import ExitCode, Problem, StackgenError
from stackgen.swap.journal import Journal
from stackgen.swap.site import Site

RESTORE_HINT = (
    "bring the data back, from the other box or a copy; where what box {} holds is right, add --accept-data"
)


def refuse_lost_data(site: Site, journal: Journal, serving: int) -> None:
    """Raise StackgenError where the serving component lost half its data or more, and the other one has it.

    Codes: box-remade, box-empty, box-shrunk. To be asked before the other box goes, or is made to hold the same.
    With `--accept-data` nothing is refused.
    """
    refuse_new_data(site, journal, serving)
    if site.accepts_data:
        return
    other = ({journal.source, journal.target} - {serving}).pop()
    for name, found in site.movers():
        here, there = site.binding(name, serving), site.binding(name, other)
        held = found.first_item(there)
        if held and not found.first_item(here):
            raise _lost_data_error(
                "box-empty", journal, serving, f"holds nothing, and box {other} does ({held})"
            )
        if lost := describe_large_losses(found.amounts(here), found.amounts(there)):
            raise _lost_data_error("box-shrunk", journal, serving, f"holds {lost} that box {other} has")


def refuse_new_data(site: Site, journal: Journal, serving: int) -> None:
    """Raise StackgenError(box-remade) where the serving component lost its data since the switch.

    What it holds now must not replace what the other box has, nor be what is left of both.
    """
    known = journal.made.get(str(serving), {})
    if site.accepts_data or not known or known.items() <= site.creation_times(serving).items():
        return
    message = (
        f"box {serving} of '{journal.component}' serves, and its data was deleted or lost since the swap: what holds "
        "it was made anew"
    )
    raise StackgenError(Problem("box-remade", message, hint=RESTORE_HINT.format(serving)), ExitCode.POLICY)


def _lost_data_error(code: str, journal: Journal, serving: int, what: str) -> StackgenError:
    message = f"box {serving} of '{journal.component}' serves and {what}, which would be deleted"
    return StackgenError(Problem(code, message, hint=RESTORE_HINT.format(serving)), ExitCode.POLICY)
