"""Writes the program of an opened environment."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stackgen.environment.opened import OpenedEnvironment

if TYPE_CHECKING:
    from stackgen.disk.writing import Changes


def generate(
    environment: OpenedEnvironment, *, force: bool = False, accept_embeddings: bool = False
) -> Changes:
    """Write the program beside the spec, or into the environment's `output`; what was created, changed and deleted.

    force: overwrite files that were changed by hand. accept_embeddings: though stored embeddings would not compare
    with new ones. Raises StackgenError; then nothing was written.
    """
    from stackgen.disk.writing import write_program

    plan = environment.plan_with_checks(accept_embeddings=accept_embeddings)
    return write_program(environment.program(plan), force=force)
