"""Deploys an opened environment: every guard, the program, the update."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, TypeVar

from stackgen.engine.updating import update
from stackgen.environment.opened import OpenedEnvironment, Progress
from stackgen.environment.stored_embeddings import note_embeddings, refuse_other_embeddings
from stackgen.environment.takeover import refuse_takeovers, replaceable_components
from stackgen.errors import StackgenError
from stackgen.planning.identity import embedding_model_of
from stackgen.planning.user_code import refuse_unpinned

if TYPE_CHECKING:
    from stackgen.disk.writing import Changes
    from stackgen.engine.deployment import Deployment, Outcome, Resource
    from stackgen.engine.reviewing import Review
    from stackgen.planning.model import Plan
    from stackgen.program.build import Program

T = TypeVar("T")
StoredEmbeddings = Literal["check", "accept", "leave"]
POLL_SECONDS = 1.0  # seconds between two looks at an update that runs


@dataclass(frozen=True)
class Options:
    """Options of a deployment.

    agreed: asked with a preview before anything runs is changed; None: deploy without a question. force: overwrite
    files that were changed by hand. take_over: deploy though the deployment is another checkout's. delete_data_of:
    components whose data may be deleted. embeddings: `check` that stored embeddings fit the model and note whose
    they are; `accept` those that are stored; `leave` them to the caller. wait_seconds: how long to wait for an update
    that runs.
    """

    agreed: Callable[[Review], bool] | None = None
    force: bool = False
    take_over: bool = False
    delete_data_of: Collection[str] = ()
    embeddings: StoredEmbeddings = "check"
    wait_seconds: float = 0


@dataclass(frozen=True)
class Deployed:
    """Result of a deployment. changes: to the program's files. review: of the update and its data."""

    changes: Changes
    review: Review
    outcome: Outcome
    warnings: tuple[str, ...]

    @property
    def bindings(self) -> dict[str, Any]:
        """Component → contract → binding as exported, secrets in clear."""
        return self.outcome.outputs.get("bindings", {})


def deployable_plan(environment: OpenedEnvironment, *, embeddings: StoredEmbeddings = "check") -> Plan:
    """The plan, where its own code is pinned and stored embeddings fit it; raises StackgenError."""
    plan = environment.plan_with_checks(accept_embeddings=embeddings != "check")
    refuse_unpinned(plan)
    return plan


def deploy_environment(
    environment: OpenedEnvironment,
    plan: Plan,
    progress: Progress,
    options: Options | None = None,
    guard: Callable[[Plan], None] = lambda _: None,
) -> Deployed | None:
    """Write the program of `plan` and make what runs equal to it; None where that was not agreed to.

    plan: see `deployable_plan`. guard: raises StackgenError for a plan that must not be deployed now.
    Raises StackgenError, before anything is written where a guard refuses.
    """
    options = options or Options()
    deadline = time.monotonic() + options.wait_seconds
    while True:
        _wait_for_other_update(environment, progress, deadline)
        try:
            return _deploy(environment, plan, progress, options, guard)
        except StackgenError as error:  # another update has begun meanwhile
            if not _locked(error) or time.monotonic() >= deadline:
                raise


def _deploy(
    environment: OpenedEnvironment,
    plan: Plan,
    progress: Progress,
    options: Options,
    guard: Callable[[Plan], None],
) -> Deployed | None:
    if not options.take_over:
        environment.refuse_another_checkout()
    guard(plan)
    deployment, resources = _refuse_takeovers(environment, plan, progress)
    program, changes = _write(environment, plan, progress, force=options.force)
    if changes or deployment is None:
        deployment, resources = environment.deployment(progress), None
    watched = options.embeddings != "leave" and any(embedding_model_of(item) for item in plan.components)
    if watched and options.embeddings == "check":
        refuse_other_embeddings(plan, (_if_deployed(deployment.outputs) or {}).get("bindings", {}))
    environment.announce_files(program, progress)  # last, since what is there now is what runs
    environment.forget_state()
    done = update(
        deployment,
        plan,
        program,
        environment.shelf,
        words=options.delete_data_of,
        agreed=options.agreed,
        resources=resources,
    )
    if done is None:
        return None
    review, outcome = done
    bindings = outcome.outputs.get("bindings", {})
    warnings = tuple(_note_embeddings(plan, bindings, options)) if watched else ()
    return Deployed(changes, review, outcome, warnings)


def _write(
    environment: OpenedEnvironment, plan: Plan, progress: Progress, *, force: bool
) -> tuple[Program, Changes]:
    from stackgen.disk.writing import write_program

    program = environment.program(plan)
    changes = write_program(program, force=force)
    if changes:
        progress(f"program written: {len(changes.created)} files new, {len(changes.updated)} changed")
    return program, changes


def _note_embeddings(plan: Plan, bindings: Any, options: Options) -> Iterator[str]:
    yield from note_embeddings(plan, bindings, anew=options.embeddings == "accept")
    refuse_other_embeddings(plan, bindings)


def _wait_for_other_update(environment: OpenedEnvironment, progress: Progress, deadline: float) -> None:
    """Raise StackgenError(stack-locked) while an update runs, whose program must stay as it is."""
    said = False
    while True:
        try:
            return environment.refuse_while_updating()
        except StackgenError:
            if time.monotonic() >= deadline:
                raise
        if not said:
            progress("waiting for an update that is running")
            said = True
        time.sleep(POLL_SECONDS)


def _locked(error: StackgenError) -> bool:
    return any(problem.code == "stack-locked" for problem in error.problems)


def _refuse_takeovers(
    environment: OpenedEnvironment, plan: Plan, progress: Progress
) -> tuple[Deployment | None, list[Resource] | None]:
    """Before anything is written: no component may start on another one's data. What is deployed, if it was read.

    Something may be deployed though its program is not on disk.
    """
    if not replaceable_components(plan, environment.shelf):
        return None, None
    deployment = environment.state(progress)
    resources = _if_deployed(deployment.resources)
    if resources is None:
        return None, None
    refuse_takeovers(plan, environment.shelf, [(item.name, item.type) for item in resources])
    return deployment, resources


def _if_deployed(read: Callable[[], T]) -> T | None:
    """What is read of the state; None where nothing is deployed."""
    try:
        return read()
    except StackgenError as error:
        if {problem.code for problem in error.problems} == {"not-deployed"}:
            return None
        raise
