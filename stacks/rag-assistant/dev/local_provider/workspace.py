"""What components need to know of the workspace they run in."""

from __future__ import annotations

from typing import Protocol

import pulumi


class Workspace(Protocol):
    """The foundation of local components, whichever component provides it."""

    directory: pulumi.Output[str]
