"""The user's own service as a supervised process."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pulumi

from binding_variables import environment
from contract_bindings import Bindings
from local_provider import Health, Port, Process, ProcessArgs, SourceEnvironment, SourceTree
from local_provider.workspace import Workspace


@dataclass(frozen=True, kw_only=True)
class LocalServiceArgs:
    """source: the code's folder, with a requirements.txt. uses: component → bindings it gets as variables.

    The command finds HOST and PORT in its environment; `health_path` answers 200 when it is ready.
    """

    workspace: Workspace
    source: str
    command: Sequence[str]
    uses: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    port: int | None = None
    health_path: str


class LocalService(pulumi.ComponentResource):
    """A service; an edit of its source restarts it at the next update."""

    bindings: Bindings

    def __init__(self, name: str, args: LocalServiceArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("stackgen:service:LocalService", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        directory = args.workspace.directory
        python = SourceEnvironment(
            f"{name}-python", source=args.source, workspace=args.workspace, opts=child
        ).path
        source = SourceTree(
            f"{name}-source", source=args.source, workspace=directory, component=name, opts=child
        )
        number = Port(f"{name}-port", preferred=args.port, opts=child).number.apply(str)
        url = pulumi.Output.concat("http://127.0.0.1:", number)
        Process(
            name,
            ProcessArgs(
                workspace=directory,
                command=list(args.command),
                directory=source.path,
                source=source.source,
                environment={
                    "PATH": pulumi.Output.concat(python, "/bin:/usr/bin:/bin"),
                    "HOST": "127.0.0.1",
                    "PORT": number,
                    "OTEL_SERVICE_NAME": name,
                    "PYTHONDONTWRITEBYTECODE": "1",
                },
                secrets=environment(args.uses),
                health=Health(http=pulumi.Output.concat(url, args.health_path)),
                triggers={"source": source.digest},
            ),
            child,
        )
        self.bindings = {"http": {"url": url}}
        self.register_outputs({"bindings": self.bindings})
