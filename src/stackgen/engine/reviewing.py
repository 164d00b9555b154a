"""What an update would do to data, before it is done: what stays, what goes, and what is refused."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from stackgen.disk.fingerprints import GROUND
from stackgen.engine.deployment import Deployment, Outcome, Resource, Step
from stackgen.engine.states import Change
from stackgen.errors import ExitCode, Problem, StackgenError, did_you_mean
from stackgen.planning.holding import Holdings, Types, holdings, planned_names, rename_hints
from stackgen.planning.model import Plan

# Operations after which the resource that was there is no longer there.
REMOVING = frozenset({"delete", "replace", "create-replacement", "delete-replaced", "remove-pending-replace"})


@dataclass(frozen=True)
class Made:
    """How boxes are made, as digests (`rendering.fingerprints`): when they were last deployed, and now."""

    before: Mapping[str, str]
    now: Mapping[str, str]

    def otherwise(self, owner: str) -> bool:
        """Whether a box, or what all boxes stand on, is not made as it was."""
        keys = (GROUND, owner) if owner in self.now else (GROUND,)
        return any(self.before.get(key) != self.now[key] for key in keys)


@dataclass(frozen=True)
class Review:
    """kept: boxes whose component is gone and whose data stays. lost: boxes whose data goes, by its word.

    untouched: URNs that the update leaves alone. outcome: the preview; None where there was no need of one.
    seen: digest of the state that this was judged by; None where nothing was deployed.
    hints: (old, new) of components that may have been renamed.
    """

    found: Holdings = field(default_factory=Holdings)
    kept: tuple[str, ...] = ()
    lost: tuple[str, ...] = ()
    untouched: tuple[str, ...] = ()
    outcome: Outcome | None = None
    seen: str | None = None
    hints: tuple[tuple[str, str], ...] = ()


def review(
    deployment: Deployment,
    resources: Sequence[Resource],
    plan: Plan,
    known: Types,
    words: Collection[str],
    made: Made,
    *,
    look: bool,
) -> Review:
    """Look at what is deployed and what would become of it; raises StackgenError before anything is changed.

    resources: the deployment's, as they were just read. words: boxes whose data may go. look: preview even where
    all data's resources are made as they were. In the state, data whose component is gone is guarded already now.
    """
    found = holdings(resources, known)
    refuse_unknown(words, found)
    names = planned_names(plan)
    refuse_missing(plan, found, names - {*words})
    kept = tuple(owner for owner in found.owners if owner in found.boxes - names and owner not in words)
    refuse_protected(plan, [word for word in words if word not in names], found)
    untouched = tuple(urn for owner in kept for urn in found.belongings[owner])
    hints = tuple(rename_hints(plan, found, kept))
    if not (look or words or any(made.otherwise(owner) for owner in found.owners if owner not in kept)):
        seen = deployment.seen if resources else None
        if kept:
            seen = deployment.release(Change(_others(found, kept), guarded=untouched), seen)
        return Review(found, kept, (), untouched, seen=seen, hints=hints)
    if resources:
        deployment.release(_prepared(plan, found, kept), None)
        deployment.refresh(untouched)
        found = holdings(deployment.resources(), known)
    outcome = deployment.preview(untouched)
    lost = losing(outcome.steps, found)
    judge(plan, lost, words, found)
    return Review(found, kept, tuple(lost), untouched, outcome, deployment.seen if resources else None, hints)


def look_at(deployment: Deployment, plan: Plan, known: Types) -> Review:
    """What `up` would do, nothing refused and nothing changed, not even in the state."""
    found = holdings(deployment.resources(), known)
    kept = tuple(owner for owner in found.owners if owner in found.boxes - planned_names(plan))
    untouched = tuple(urn for owner in kept for urn in found.belongings[owner])
    outcome = deployment.preview(untouched)
    lost = tuple(losing(outcome.steps, found))
    return Review(found, kept, lost, untouched, outcome, hints=tuple(rename_hints(plan, found, kept)))


def losing(steps: Iterable[Step], found: Holdings) -> dict[str, str]:
    """Box → "delete" or "replace", for every box whose data would go with one of its resources."""
    lost: dict[str, str] = {}
    for step in steps:
        held = found.match(step.urn, step.type, step.name)
        if held is not None and step.op in REMOVING:
            replaced = step.op != "delete" or lost.get(held.owner) == "replace"
            lost[held.owner] = "replace" if replaced else "delete"
    return lost


def judge(plan: Plan, lost: Mapping[str, str], words: Collection[str], found: Holdings) -> None:
    """Raise StackgenError for data that would go without its word, or at all where the environment is protected."""
    refuse_protected(plan, list(lost), found)
    problems = [_refused(plan, owner, how, found) for owner, how in lost.items() if owner not in words]
    if problems:
        raise StackgenError(problems, ExitCode.POLICY)


def refuse_protected(plan: Plan, owners: Sequence[str], found: Holdings) -> None:
    """Raise StackgenError(protected) where data would go of an environment whose spec protects it, now."""
    if not plan.stack.environments[plan.environment].protect or not owners:
        return
    hint = "put the component back as it was; or set `protect: false`, if the data may go"
    problems = [
        Problem(
            "protected",
            f"environment '{plan.environment}' is protected: the data of '{owner}' is neither deleted nor replaced; "
            f"it is in {found.places(owner)}",
            hint=hint,
        )
        for owner in owners
    ]
    raise StackgenError(problems, ExitCode.POLICY)


def refuse_unknown(words: Collection[str], found: Holdings) -> None:
    """Raise StackgenError(unknown-data) for a word that names no data."""
    problems = [
        Problem(
            "unknown-data",
            f"nothing that is deployed as '{word}' holds data",
            hint=did_you_mean(word, found.owners),
            allowed=found.owners,
        )
        for word in words
        if word not in found.owners
    ]
    if problems:
        raise StackgenError(problems, ExitCode.NOT_FOUND)


def refuse_missing(plan: Plan, found: Holdings, owners: Collection[str]) -> None:
    """Raise StackgenError(data-missing) where a folder with data of this machine is not there any more.

    It may be on a disk that is not mounted: servers would begin anew beside it, with nothing.
    """
    problems = [
        Problem(
            "data-missing",
            f"the data of '{item.owner}' is gone: there is no {item.place}, which `up` has made; nothing was done",
            hint="mount the disk that it was on, or bring it back from a copy; or, if "
            f"'{item.owner}' is to begin with no data, say so with --delete-data-of {item.owner}",
            next=f"stackgen up {plan.stack.name} -e {plan.environment} --delete-data-of {item.owner}",
        )
        for item in found.held.values()
        if item.owner in owners and item.folder and not os.path.isdir(item.folder)  # noqa: PTH112 - never raises
    ]
    if problems:
        raise StackgenError(problems, ExitCode.POLICY)


def carry_out(deployment: Deployment, reviewed: Review) -> Outcome:
    """The update that was reviewed; raises StackgenError(state-changed) where it would be another one."""
    refreshed = reviewed.outcome is not None and reviewed.seen is not None
    return deployment.up(reviewed.untouched, seen=reviewed.seen, refresh=not refreshed)


def _prepared(plan: Plan, found: Holdings, kept: Sequence[str]) -> Change:
    """What the state must say before a preview: the engine stops at what is protected, wanted or not.

    Data whose component is gone is guarded, also against `pulumi up` by hand, whose program no longer has it.
    Everything else is protected by the spec alone.
    """
    stays = {urn for owner in kept for urn in found.belongings[owner]}
    others = {urn for urns in found.belongings.values() for urn in urns} - stays
    protected = plan.stack.environments[plan.environment].protect
    return Change(_others(found, kept), guarded=stays, unguarded=() if protected else others)


def _others(found: Holdings, kept: Sequence[str]) -> dict[str, frozenset[str]]:
    """Resource of a box whose data stays → resources of other boxes, which it must not keep from going."""
    in_boxes = {urn: top for urn, top in found.tops.items() if top in found.boxes}
    others = {owner: frozenset(urn for urn, top in in_boxes.items() if top != owner) for owner in kept}
    return {urn: others[top] for urn, top in in_boxes.items() if top in others}


def _refused(plan: Plan, owner: str, how: str, found: Holdings) -> Problem:
    does = "delete" if how == "delete" else "replace what holds, and so delete,"
    return Problem(
        "data-would-go",
        f"`up` would {does} the data of '{owner}': {found.places(owner)}; nothing was done",
        hint="put the component back as it was; or, if another component is to have this data, give that one "
        f"`renamed_from: {owner}`; or, if the data may go, say so with --delete-data-of {owner}",
        next=f"stackgen up {plan.stack.name} -e {plan.environment} --delete-data-of {owner}",
    )
