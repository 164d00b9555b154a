"""The ground local components stand on."""

from __future__ import annotations

from dataclasses import dataclass

import pulumi

from local_provider import Supervisor, workspace_directory


@dataclass(frozen=True, kw_only=True)
class LocalWorkspaceArgs:
    """directory: where data, logs and configuration go; below the user's data folder if absent.

    protect: whether data-bearing resources refuse to be deleted or replaced. allow_unpinned: the user's own code may
    ask for packages without digests. allow_builds: for packages that have to be built, which runs their code.
    """

    directory: str | None = None
    protect: bool
    allow_unpinned: bool
    allow_builds: bool


class LocalWorkspace(pulumi.ComponentResource):
    """A private folder with a process supervisor; everything that runs here belongs to it.

    root: the folder, for what outlives the supervisor, such as data. directory: the same folder once the
    supervisor runs, for what it is to run. protect: for the options of resources that hold data. allow_unpinned,
    allow_builds: for environments of the user's own code.
    """

    root: str
    protect: bool
    allow_unpinned: bool
    allow_builds: bool
    directory: pulumi.Output[str]

    def __init__(
        self, name: str, args: LocalWorkspaceArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("stackgen:foundation:LocalWorkspace", name, None, opts)
        self.protect = args.protect
        self.allow_unpinned = args.allow_unpinned
        self.allow_builds = args.allow_builds
        self.root = workspace_directory(args.directory)
        child = pulumi.ResourceOptions(parent=self)
        self.directory = Supervisor(f"{name}-supervisor", directory=self.root, opts=child).directory
        self.register_outputs({"directory": self.directory})
