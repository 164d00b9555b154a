"""The workspace, as an interface for components."""

from __future__ import annotations

from typing import Protocol

import pulumi


class Workspace(Protocol):
    """The foundation of local components, whichever component provides it.

    root: the environment's folder, where data goes. directory: the same, once a supervisor runs there.
    protect: whether resources that hold data refuse to be deleted or replaced. allow_unpinned, allow_builds: whether
    the user's own code may ask for packages without digests, and for packages that have to be built.
    """

    root: str
    protect: bool
    allow_unpinned: bool
    allow_builds: bool
    directory: pulumi.Output[str]
