"""An update from its program on disk to its end: reviewed, carried out, and noted."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence

from stackgen.catalog.shelf import Shelf
from stackgen.disk.fingerprints import fingerprints
from stackgen.disk.writing import list_added_modules
from stackgen.engine import deployment_notes, failures
from stackgen.engine.deployment import Deployment, Outcome, Resource
from stackgen.engine.reviewed_program import ReviewedProgram
from stackgen.engine.reviewing import Fingerprints, Review, apply_review, review_update
from stackgen.engine.states import StateChange
from stackgen.errors import ExitCode, StackgenError
from stackgen.planning.data_resources import data_types, find_data, resource_names
from stackgen.planning.model import Plan
from stackgen.program.build import Program


def update(
    deployment: Deployment,
    plan: Plan,
    program: Program,
    shelf: Shelf,
    *,
    words: Collection[str] = (),
    agreed: Callable[[Review], bool] | None = None,
    resources: Sequence[Resource] | None = None,
) -> tuple[Review, Outcome] | None:
    """Make what runs equal to `program`, which is on disk; None where that was not agreed to.

    words: boxes whose data may be deleted. agreed: asked with a preview, before anything is changed; where it is
    absent there is a preview if data might go, and always with code of the user's, and where data is elsewhere than
    on this machine: others may have changed what holds it. resources: the deployment's, if they were just read.
    Raises StackgenError, also where what is on disk is not `program` any more.
    """
    stack, environment = plan.stack.name, plan.environment
    standing = ReviewedProgram(program, f"stackgen up {stack} -e {environment}")
    folder = plan.spec_path.parent
    noted = deployment_notes.read_note(stack, environment)
    deployment.prepare()
    there = deployment.resources() if resources is None else resources
    ours = noted is not None and deployment.seen == noted.state
    now = fingerprints(plan, program, standing.settings)
    made = Fingerprints(noted.boxes if noted is not None and ours else {}, now)
    look = agreed is not None or any(
        list_added_modules(program)
    )  # what else the user's code reads is in no fingerprint
    look = look or find_data(there, data_types(shelf)).is_remote
    try:
        with standing.pin_modules(deployment):
            reviewed = review_update(deployment, there, plan, data_types(shelf), words, made, look=look)
    finally:
        if noted is not None and ours and deployment.seen != noted.state:  # by the review's own refresh
            deployment_notes.update_note(stack, environment, deployment.seen or "", unknown=True)
    if agreed is not None and not agreed(reviewed):
        return None
    standing.refuse_changed("nothing was done")
    protect = plan.stack.environments[environment].protect or (noted is not None and noted.protect)
    deployment_notes.write_note(
        stack, environment, folder, {}, protect=protect
    )  # the digests of components are known at its end
    with standing.pin_modules(deployment):
        outcome = apply_review(deployment, reviewed)
    standing.refuse_changed(
        "modules and settings were as they were looked at; of other files what runs may be either program's"
    )
    deployment.resources()
    protect = plan.stack.environments[environment].protect
    deployment_notes.write_note(
        stack, environment, folder, made.current, deployment.seen or "", protect=protect
    )
    return reviewed, outcome


def stop(deployment: Deployment, plan: Plan) -> Outcome:
    """Delete what runs, and keep data."""
    noted = deployment_notes.read_note(plan.stack.name, plan.environment)
    outcome = deployment.down(plan.transient, plan.lasting)
    if noted is not None and deployment.seen == noted.state:
        deployment.resources()
        deployment_notes.update_note(plan.stack.name, plan.environment, deployment.seen or "")
    return outcome


def remove(deployment: Deployment, plan: Plan, shelf: Shelf) -> Outcome:
    """Delete everything with its data, also that of components which are no longer in the spec.

    Raises StackgenError(protected) where the last update protected data, before anything is deleted.
    """
    found = find_data(deployment.resources(), data_types(shelf))
    kept = _guarded(deployment, plan, found.components)
    held = {
        item.owner: item.place
        for item in found.resources.values()
        if item.protected and item.owner not in kept
    }
    if held:
        raise StackgenError([failures.protection_error(*item) for item in held.items()], ExitCode.POLICY)
    unguarded = [urn for owner in kept for urn in found.belongings.get(owner, ())]
    deployment.release(StateChange(unguarded=unguarded), None)
    outcome = deployment.destroy()
    deployment_notes.remove_note(plan.stack.name, plan.environment)
    return outcome


def _guarded(deployment: Deployment, plan: Plan, boxes: frozenset[str]) -> frozenset[str]:
    """Names of components whose data the last update protected because they had left the spec.

    Where that is not known, or the environment was protected, none is taken for such.
    """
    noted = deployment_notes.read_note(plan.stack.name, plan.environment)
    if noted is None or noted.protect or noted.state not in ("", deployment.seen):
        return frozenset()
    names = resource_names(plan)
    return boxes - (names & {*noted.boxes, *plan.foundation_names} if noted.state else names)
