"""Turns an option (--apply, --rollback, --retire) and the state of an earlier swap into a journal."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial

from stackgen.errors import ExitCode, Problem, StackgenError
from stackgen.swap.consistency import refuse_reverted_spec
from stackgen.swap.data_loss import refuse_lost_data, refuse_new_data
from stackgen.swap.journal import Journal, journal_path, standing_move, standing_moves
from stackgen.swap.overrides import Override, add_second_box, exchange_boxes, remove_second_box
from stackgen.swap.reindex import tables_to_rebuild
from stackgen.swap.run import reverse_journal
from stackgen.swap.site import Site
from stackgen.swap.target import find_target, parse_changes

JOURNAL_HINT = "a swap that was made on another machine has its journal there"


def start_swap(site: Site, journal: Journal | None, to: str | None, given: Sequence[str]) -> Journal:
    """Go on with a swap, or begin one; raises StackgenError where that can't be, before anything is touched."""
    command = f"stackgen swap {site.name} {site.component} -e {site.environment.name}"
    journal = _valid_journal(site, journal)
    _refuse_unknown_box(site, journal)
    if journal is not None and journal.kind in ("retire", "abandon"):
        raise _unfinished_error(site, "--retire" if journal.kind == "retire" else "--rollback")
    if journal is not None and to is None:
        if journal.kind == "return" and not journal.finished:
            because = f"; it began because {journal.reason}" if journal.reason else ""
            message = f"the way back is not at its end{because}"
            raise _error("swap-unfinished", message, f"{command} --rollback")
        return journal
    if journal is not None and not journal.finished and journal.kind == "swap" and not given:
        entry = find_target(site.environment.shelf, site.find_box(journal.source).capability, to or "")
        if entry.id == journal.wanted["beside"]["implementation"]:
            return journal
    if journal is not None or "beside" in site.override:
        message = f"'{site.component}' has a second box already, from an earlier swap"
        raise _error("box-beside", message, f"{command} --retire, or {command} --rollback")
    if to is None:
        raise _error(
            "usage", "say what to swap to: --to IMPLEMENTATION|PROVIDER", f"{command} --to IMPLEMENTATION"
        )
    return _new_swap(site, to, given)


def _new_swap(site: Site, to: str, given: Sequence[str]) -> Journal:
    _refuse_other_swap(site)
    site.refuse_outdated_golden()
    serving = site.plan().by_name[site.component]
    entry = find_target(site.environment.shelf, serving.capability, to)
    beside = partial(
        add_second_box,
        *(site.loaded.stack, site.environment.name, site.component),
        before=serving.entry.id,
        to=entry.id,
        changes=parse_changes(given),
    )
    _refuse_lost_needs(site, beside(), entry.id)
    site.boxes()  # it is up, or there is nothing to move from
    wanted = beside(taken=site.numbers_with_data())
    collections = tables_to_rebuild(site.plan_with(wanted), site.component)
    path = journal_path(site.name, site.environment.name, site.component)
    number = wanted["beside"]["box"]
    found = Journal(path, "swap", site.component, serving.box, number, wanted=wanted)
    found.collections = collections
    return found


def _refuse_other_swap(site: Site) -> None:
    """Refuse to begin while another component's swap is not at its end: one may depend on the other."""
    for other in standing_moves(site.name, site.environment.name):
        if not other.finished:
            command = f"stackgen swap {site.name} {other.component} -e {site.environment.name} --apply"
            raise _error("swap-unfinished", f"the swap of '{other.component}' is not at its end", command)


def _refuse_lost_needs(site: Site, wanted: Override, to: str) -> None:
    """Refuse a target that loses a needed clause: of its own, or of a proxy that forwards to it."""
    try:
        site.plan_with(remove_second_box(exchange_boxes(wanted)))
    except StackgenError as error:
        lost = [item for item in error.problems if item.code == "need-not-kept"]
        command = f"stackgen swap {site.name} {site.component} --to {to} -e {site.environment.name}"
        said = [
            replace(p, message=f"{p.message}; nothing was touched", position=None, next=command) for p in lost
        ]
        if said:
            raise StackgenError(said, ExitCode.PROMOTION_REFUSED) from None


def _valid_journal(site: Site, journal: Journal | None) -> Journal | None:
    """The move that stands; raises StackgenError(spec-and-journal-differ) where the spec was put back after its switch.

    What serves holds what was written since, and by the spec it would be the box to give up.
    """
    journal = standing_move(journal)
    if journal is not None:
        refuse_reverted_spec(journal, site.override.get("box", 1), site.environment.name)
    return journal


def _refuse_unknown_box(site: Site, journal: Journal | None) -> None:
    """Raise StackgenError(box-beside) for a second box without a swap's journal."""
    if journal is not None or (beside := site.override.get("beside")) is None:
        return
    place = f"environments.{site.environment.name}.components.{site.component}"
    message = f"'{site.component}' has a second box in the spec, but this machine has no journal of a swap"
    number = beside.get("box", 1)
    name = f"{site.component}-{number}" if number > 1 else site.component
    hint = (
        f"if its data was deleted, take `beside` out of {place}, then run `stackgen up {site.name} -e "
        f"{site.environment.name} --delete-data-of {name}`; else {JOURNAL_HINT}"
    )
    raise StackgenError(Problem("box-beside", message, hint=hint), ExitCode.NOT_FOUND)


def start_rollback(site: Site, journal: Journal | None) -> Journal:
    """Return to the old component if bindings were switched, else give the new one up."""
    journal = _valid_journal(site, journal)
    if journal is not None and journal.kind == "retire":
        raise _unfinished_error(site, "--retire")
    _refuse_unknown_box(site, journal)
    if journal is None:
        message = f"'{site.component}' has no old component to return to"
        raise StackgenError(Problem("nothing-to-roll-back", message, hint=JOURNAL_HINT), ExitCode.NOT_FOUND)
    if journal.kind in ("return", "abandon"):
        return journal
    if site.override.get("box", 1) == journal.target:
        refuse_lost_data(site, journal, journal.target)
        return reverse_journal(journal)
    _refuse_protected(site)
    given_up = Journal(journal.path, "abandon", journal.component, journal.source, journal.target)
    given_up.frozen, given_up.collections = journal.frozen, journal.collections
    return given_up


def start_retirement(site: Site, journal: Journal | None) -> Journal:
    """Remove the old component, after its data is proven moved."""
    begun, journal = journal, _valid_journal(site, journal)
    if begun is not None and begun.kind == "retire" and (begun.closed_already or not begun.untouched):
        return begun
    command = f"stackgen swap {site.name} {site.component} -e {site.environment.name}"
    _refuse_unknown_box(site, journal)
    if journal is None:
        message = f"'{site.component}' has no old component to retire"
        raise StackgenError(Problem("nothing-to-retire", message, hint=JOURNAL_HINT), ExitCode.NOT_FOUND)
    if not journal.finished:
        word = "--rollback" if journal.kind != "swap" else "--apply"
        raise _error(
            "swap-unfinished", f"the swap of '{site.component}' is not at its end", f"{command} {word}"
        )
    _refuse_protected(site)
    refuse_new_data(site, journal, journal.target)
    found = Journal(journal.path, "retire", journal.component, journal.source, journal.target)
    found.memory, found.proof, found.settled = journal.memory, journal.proof, journal.settled
    found.wanted, found.collections, found.former = journal.wanted, journal.collections, journal.content()
    found.made = journal.made
    return found


def _refuse_protected(site: Site) -> None:
    """Raise StackgenError(protected) where the spec protects the environment's data."""
    if site.environment.protected:
        message = f"'{site.environment.name}' of '{site.name}' is protected: its data is not deleted"
        hint = "set `protect: false` in the spec and run `stackgen up` first"
        raise StackgenError(Problem("protected", message, hint=hint), ExitCode.POLICY)


def _unfinished_error(site: Site, word: str) -> StackgenError:
    command = f"stackgen swap {site.name} {site.component} -e {site.environment.name} {word}"
    return _error("swap-unfinished", f"{word} of '{site.component}' is not at its end", command)


def _error(code: str, message: str, command: str) -> StackgenError:
    return StackgenError(Problem(code, message, next=command))
