"""Files that a user may mean as the spec. Standard library only, for commands that read no spec."""

from __future__ import annotations

import os

FOLDER, FILE = "stacks", "stack.yaml"


def spec_candidates(stack: str, folder: str) -> tuple[str, ...]:
    """Files that `stack` may mean in `folder`, in order: a path, a folder with a spec, a name under stacks/."""
    join = os.path.join
    return join(folder, stack), join(folder, stack, FILE), join(folder, FOLDER, stack, FILE)
