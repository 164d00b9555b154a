"""The user's own code that runs to completion."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pulumi

from binding_variables import environment
from local_provider import Job, JobArgs, SourceEnvironment, SourceTree
from local_provider.workspace import Workspace


@dataclass(frozen=True, kw_only=True)
class LocalJobArgs:
    """source: the code's folder, with a requirements.txt. uses: component → bindings. timeout: seconds."""

    workspace: Workspace
    source: str
    command: Sequence[str]
    uses: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    timeout: int


class LocalJob(pulumi.ComponentResource):
    """A job; it runs again when its source, its command or its bindings change."""

    def __init__(self, name: str, args: LocalJobArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("stackgen:job:LocalJob", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        directory = args.workspace.directory
        python = SourceEnvironment(
            f"{name}-python", source=args.source, workspace=args.workspace, opts=child
        ).path
        source = SourceTree(
            f"{name}-source", source=args.source, workspace=directory, component=name, opts=child
        )
        job = Job(
            name,
            JobArgs(
                workspace=directory,
                command=list(args.command),
                directory=source.path,
                source=source.source,
                environment={
                    "PATH": pulumi.Output.concat(python, "/bin:/usr/bin:/bin"),
                    "OTEL_SERVICE_NAME": name,
                    "PYTHONDONTWRITEBYTECODE": "1",
                },
                secrets=environment(args.uses),
                timeout=args.timeout,
                triggers={"source": source.digest},
            ),
            child,
        )
        self.register_outputs({"completed": job.completed})
