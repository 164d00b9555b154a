"""Review of an update before it runs: data that stays, data that is deleted, and refusals."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from stackgen.disk.fingerprints import SHARED
from stackgen.engine.deployment import Deployment, Outcome, Resource, ResourceStep
from stackgen.engine.states import StateChange
from stackgen.errors import ExitCode, Problem, StackgenError, did_you_mean
from stackgen.planning.data_resources import DataTypes, DeployedData, find_data, rename_hints, resource_names
from stackgen.planning.model import Plan

# Operations after which the resource that was there is no longer there.
REMOVING = frozenset({"delete", "replace", "create-replacement", "delete-replaced", "remove-pending-replace"})


@dataclass(frozen=True)
class Fingerprints:
    """Digests of components (`disk.fingerprints`): at the last deployment (`before`), and now (`current`)."""

    before: Mapping[str, str]
    current: Mapping[str, str]

    def differs(self, owner: str) -> bool:
        """True if the digest of a component, or of what all components share, has changed."""
        keys = (SHARED, owner) if owner in self.current else (SHARED,)
        return any(self.before.get(key) != self.current[key] for key in keys)


@dataclass(frozen=True)
class Review:
    """kept: removed components whose data stays. lost: components whose data is deleted, as was agreed.

    untouched: URNs that the update leaves alone. outcome: the preview; None where there was no need of one.
    seen: digest of the state that this was judged by; None where nothing was deployed.
    hints: (old, new) of components that may have been renamed.
    """

    data: DeployedData = field(default_factory=DeployedData)
    kept: tuple[str, ...] = ()
    lost: tuple[str, ...] = ()
    untouched: tuple[str, ...] = ()
    outcome: Outcome | None = None
    seen: str | None = None
    hints: tuple[tuple[str, str], ...] = ()


def review_update(
    deployment: Deployment,
    resources: Sequence[Resource],
    plan: Plan,
    known: DataTypes,
    words: Collection[str],
    made: Fingerprints,
    *,
    look: bool,
) -> Review:
    """Look at what is deployed and what would become of it; raises StackgenError before anything is changed.

    resources: the deployment's, as they were just read. words: components whose data may be deleted. look: preview
    even where all data's resources are made as they were. In the state, data whose component is gone is guarded
    already.
    """
    found = find_data(resources, known)
    refuse_unknown(words, found)
    names = resource_names(plan)
    refuse_missing(plan, found, names - {*words})
    kept = tuple(owner for owner in found.owners if owner in found.components - names and owner not in words)
    refuse_protected(plan, [word for word in words if word not in names], found)
    untouched = tuple(urn for owner in kept for urn in found.belongings[owner])
    hints = tuple(rename_hints(plan, found, kept))
    if not (look or words or any(made.differs(owner) for owner in found.owners if owner not in kept)):
        seen = deployment.seen if resources else None
        if kept:
            seen = deployment.release(StateChange(_others(found, kept), guarded=untouched), seen)
        return Review(found, kept, (), untouched, seen=seen, hints=hints)
    if resources:
        deployment.release(_prepared(plan, found, kept), None)
        deployment.refresh(untouched)
        found = find_data(deployment.resources(), known)
    outcome = deployment.preview(untouched)
    lost = find_losses(outcome.steps, found)
    refuse_losses(plan, lost, words, found)
    return Review(found, kept, tuple(lost), untouched, outcome, deployment.seen if resources else None, hints)


def preview_update(deployment: Deployment, plan: Plan, known: DataTypes) -> Review:
    """Preview what `up` would do; nothing is refused, and nothing changed, not even in the state."""
    found = find_data(deployment.resources(), known)
    kept = tuple(owner for owner in found.owners if owner in found.components - resource_names(plan))
    untouched = tuple(urn for owner in kept for urn in found.belongings[owner])
    outcome = deployment.preview(untouched)
    lost = tuple(find_losses(outcome.steps, found))
    return Review(found, kept, lost, untouched, outcome, hints=tuple(rename_hints(plan, found, kept)))


def find_losses(steps: Iterable[ResourceStep], data: DeployedData) -> dict[str, str]:
    """Component → "delete" or "replace", for each that would lose data with one of its resources."""
    lost: dict[str, str] = {}
    for step in steps:
        held = data.match(step.urn, step.type, step.name)
        if held is not None and step.op in REMOVING:
            replaced = step.op != "delete" or lost.get(held.owner) == "replace"
            lost[held.owner] = "replace" if replaced else "delete"
    return lost


def refuse_losses(plan: Plan, lost: Mapping[str, str], words: Collection[str], data: DeployedData) -> None:
    """Raise StackgenError for data that would go without its word, or at all where the environment is protected."""
    refuse_protected(plan, list(lost), data)
    problems = [_refused(plan, owner, how, data) for owner, how in lost.items() if owner not in words]
    if problems:
        raise StackgenError(problems, ExitCode.POLICY)


def refuse_protected(plan: Plan, owners: Sequence[str], data: DeployedData) -> None:
    """Raise StackgenError(protected) where data would go of an environment whose spec protects it, now."""
    if not plan.stack.environments[plan.environment].protect or not owners:
        return
    hint = "put the component back as it was; or set `protect: false`, if the data may go"
    problems = [
        Problem(
            "protected",
            f"environment '{plan.environment}' is protected: the data of '{owner}' is neither deleted nor replaced; "
            f"it is in {data.places(owner)}",
            hint=hint,
        )
        for owner in owners
    ]
    raise StackgenError(problems, ExitCode.POLICY)


def refuse_unknown(words: Collection[str], data: DeployedData) -> None:
    """Raise StackgenError(unknown-data) for a word that names no data."""
    problems = [
        Problem(
            "unknown-data",
            f"nothing that is deployed as '{word}' holds data",
            hint=did_you_mean(word, data.owners),
            allowed=data.owners,
        )
        for word in words
        if word not in data.owners
    ]
    if problems:
        raise StackgenError(problems, ExitCode.NOT_FOUND)


def refuse_missing(plan: Plan, data: DeployedData, owners: Collection[str]) -> None:
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
        for item in data.resources.values()
        if item.owner in owners and item.folder and not os.path.isdir(item.folder)  # noqa: PTH112 - never raises
    ]
    if problems:
        raise StackgenError(problems, ExitCode.POLICY)


def apply_review(deployment: Deployment, reviewed: Review) -> Outcome:
    """The update that was reviewed; raises StackgenError(state-changed) where it would be another one."""
    refreshed = reviewed.outcome is not None and reviewed.seen is not None
    return deployment.up(reviewed.untouched, seen=reviewed.seen, refresh=not refreshed)


def _prepared(plan: Plan, data: DeployedData, kept: Sequence[str]) -> StateChange:
    """What the state must say before a preview: the engine stops at what is protected, wanted or not.

    Data whose component is gone is guarded, also against `pulumi up` by hand, whose program no longer has it.
    Everything else is protected by the spec alone.
    """
    stays = {urn for owner in kept for urn in data.belongings[owner]}
    others = {urn for urns in data.belongings.values() for urn in urns} - stays
    protected = plan.stack.environments[plan.environment].protect
    return StateChange(_others(data, kept), guarded=stays, unguarded=() if protected else others)


def _others(data: DeployedData, kept: Sequence[str]) -> dict[str, frozenset[str]]:
    """Resource with kept data → resources of other components, whose deletion it must not prevent."""
    in_boxes = {urn: top for urn, top in data.tops.items() if top in data.components}
    others = {owner: frozenset(urn for urn, top in in_boxes.items() if top != owner) for owner in kept}
    return {urn: others[top] for urn, top in in_boxes.items() if top in others}


def _refused(plan: Plan, owner: str, how: str, data: DeployedData) -> Problem:
    does = "delete" if how == "delete" else "replace what holds, and so delete,"
    return Problem(
        "data-would-go",
        f"`up` would {does} the data of '{owner}': {data.places(owner)}; nothing was done",
        hint="put the component back as it was; or, if another component is to have this data, give that one "
        f"`renamed_from: {owner}`; or, if the data may go, say so with --delete-data-of {owner}",
        next=f"stackgen up {plan.stack.name} -e {plan.environment} --delete-data-of {owner}",
    )
