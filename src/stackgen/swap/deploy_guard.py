"""Deploys an environment for anything but a swap: refused where the spec contradicts a swap that was made."""

from __future__ import annotations

from collections.abc import Callable

from stackgen.environment import deploying
from stackgen.environment.deploying import Deployed, Options, deployable_plan
from stackgen.environment.opened import OpenedEnvironment
from stackgen.planning.model import Plan
from stackgen.swap.consistency import refuse_changed_spec


def deploy(
    environment: OpenedEnvironment,
    plan: Plan | None = None,
    progress: Callable[[str], None] = lambda _: None,
    options: Options | None = None,
) -> Deployed | None:
    """Write the program and make what runs equal to it; None where `options.agreed` did not agree.

    plan: what `deployable_plan` returned, where it is at hand. progress: takes sentences about what is being done.
    Raises StackgenError; data is only deleted of components that `options.delete_data_of` names.
    """
    options = options or Options()
    plan = plan or deployable_plan(environment, embeddings=options.embeddings)
    return deploying.deploy_environment(environment, plan, progress, options, refuse_changed_spec)
