"""Container definitions of ECS tasks: non-root, read-only root, secrets by reference, logs shipped."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pulumi

UNPRIVILEGED_USER = "65534:65534"
PREPARE = "prepare"


@dataclass(frozen=True, kw_only=True)
class Container:
    """One container of a task.

    environment: plain variables; secrets: variables whose values are kept in Secrets Manager.
    writable: paths that are scratch space; readable: paths that another container of the task fills.
    after: containers that must have ended well before this starts.
    """

    name: str
    image: pulumi.Input[str]
    command: Sequence[pulumi.Input[str]] = ()
    entry_point: Sequence[str] = ()
    environment: Mapping[str, pulumi.Input[str]] = field(default_factory=dict[str, pulumi.Input[str]])
    secrets: Mapping[str, pulumi.Input[str]] = field(default_factory=dict[str, pulumi.Input[str]])
    port: int | None = None
    writable: Sequence[str] = ("/tmp",)  # noqa: S108 - a volume of the task's own
    readable: Sequence[str] = ()
    after: Sequence[str] = ()
    essential: bool = True
    user: str = UNPRIVILEGED_USER

    def definition(
        self, task: str, secret_arn: pulumi.Input[str] | None, log_group: pulumi.Input[str], region: str
    ) -> dict[str, Any]:
        """Return the definition for ECS.

        https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task_definition_parameters.html
        """
        found: dict[str, Any] = {
            "name": self.name,
            "image": self.image,
            "essential": self.essential,
            "user": self.user,
            "readonlyRootFilesystem": True,
            "linuxParameters": {"initProcessEnabled": True, "capabilities": {"drop": ["ALL"]}},
            "environment": [{"name": k, "value": v} for k, v in sorted(self.environment.items())],
            "secrets": [
                {"name": k, "valueFrom": pulumi.Output.concat(secret_arn or "", f":{self.secret_key(k)}::")}
                for k in sorted(self.secrets)
            ],
            "mountPoints": [
                {"sourceVolume": volume(path), "containerPath": path, "readOnly": False}
                for path in self.writable
            ]
            + [
                {"sourceVolume": volume(path), "containerPath": path, "readOnly": True}
                for path in self.readable
            ],
            "dependsOn": [{"containerName": name, "condition": "SUCCESS"} for name in self.after],
            "logConfiguration": {
                "logDriver": "awslogs",
                "options": {
                    "awslogs-group": log_group,
                    "awslogs-region": region,
                    "awslogs-stream-prefix": task,
                    "mode": "non-blocking",
                },
            },
        }
        if self.command:
            found["command"] = list(self.command)
        if self.entry_point:
            found["entryPoint"] = list(self.entry_point)
        if self.port:
            found["portMappings"] = [
                {"name": "http", "containerPort": self.port, "protocol": "tcp", "appProtocol": "http"}
            ]
        return found

    def secret_key(self, variable: str) -> str:
        """Return the key of a variable in the task's one secret."""
        return f"{self.name}.{variable}"


def prepare_container(
    image: pulumi.Input[str],
    scratch: Sequence[str],
    files: Mapping[str, pulumi.Input[str]],
    secret_files: Mapping[str, pulumi.Input[str]],
) -> Container:
    """Return the container that opens scratch volumes to the other containers, and writes configuration files.

    image: one that the task runs anyway, with `sh` and `chmod`, so that no other has to be pulled.

    Fargate hands volumes out as root's (0755), so this one container is root, without a single capability.
    https://docs.aws.amazon.com/AmazonECS/latest/developerguide/bind-mounts.html
    """
    steps = [f"chmod 1777 {' '.join(scratch)}"]
    variables = {_file_variable(path): path for path in (*files, *secret_files)}
    steps += [f'printf %s "${name}" > {path}' for name, path in variables.items()]
    return Container(
        name=PREPARE,
        image=image,
        entry_point=["sh", "-euc"],
        command=[" && ".join(steps)],
        environment={_file_variable(path): content for path, content in files.items()},
        secrets={_file_variable(path): content for path, content in secret_files.items()},
        writable=list(scratch),
        essential=False,
        user="0:0",
    )


def _file_variable(path: str) -> str:
    return "FILE_" + "".join(c if c.isalnum() else "_" for c in path.strip("/")).upper()


def volume(path: str) -> str:
    """Return the name of the scratch volume of a path; containers of a task with the same path share it."""
    return path.strip("/").replace("/", "-")
