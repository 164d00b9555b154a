"""The user's code that runs to completion, again whenever it or what it is given changes."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pulumi
from pulumi.dynamic import CreateResult, DiffResult, Resource, UpdateResult

from local_provider import launch
from local_provider.account import account_in, run_as
from local_provider.failure import LocalFailure, explain_os_errors
from local_provider.orphans import end_orphans
from local_provider.resource import LocalProvider, Properties, differing
from local_provider.service_accounts import service_account
from local_provider.strays import end_strays
from local_provider.workspace_files import new_file, remove_file, remove_tree


@dataclass(frozen=True, kw_only=True)
class JobArgs:
    """The command of a job. source: a folder that is copied to `directory` first. timeout: seconds.

    triggers: a change of these runs it again.
    """

    workspace: pulumi.Input[str]
    command: pulumi.Input[Sequence[pulumi.Input[str]]]
    environment: pulumi.Input[Mapping[str, pulumi.Input[str]]] = field(
        default_factory=dict[str, pulumi.Input[str]]
    )
    secrets: pulumi.Input[Mapping[str, pulumi.Input[str]]] = field(
        default_factory=dict[str, pulumi.Input[str]]
    )
    directory: pulumi.Input[str] | None = None
    source: pulumi.Input[str] | None = None
    timeout: int = 900
    triggers: Mapping[str, pulumi.Input[Any]] = field(default_factory=dict[str, pulumi.Input[Any]])


class JobProvider(LocalProvider):
    """Runs as the component's account; the log stays until the job is deleted."""

    def diff(self, _id: str, olds: Properties, news: Properties) -> DiffResult:
        changed = differing(olds, news, ("completed", "source"))
        return DiffResult(changes=bool(changed), replaces=[n for n in changed if n in ("workspace", "name")])

    def create(self, props: Properties) -> CreateResult:
        with explain_os_errors(f"running {props['name']}"):
            _run(props)
        return CreateResult(props["name"], {**props, "completed": True})

    def update(self, _id: str, _olds: Properties, news: Properties) -> UpdateResult:
        return UpdateResult(self.create(news).outs)

    def delete(self, _id: str, props: Properties) -> None:
        _end(props)
        remove_tree(launch.run_folder(props))
        remove_file(launch.log_file(props))


class Job(Resource, module="local", name="Job"):
    """A command that has run to completion."""

    completed: pulumi.Output[bool]

    def __init__(self, name: str, args: JobArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        properties: dict[str, Any] = {
            "name": name,
            "workspace": args.workspace,
            "account": account_in(args.workspace, name),
            "command": args.command,
            "environment": args.environment,
            "secrets": pulumi.Output.secret(args.secrets),
            "directory": args.directory,
            "source": args.source,
            "timeout": args.timeout,
            "triggers": args.triggers,
            "completed": None,
        }
        secret = pulumi.ResourceOptions(additional_secret_outputs=["secrets"])
        super().__init__(JobProvider(), name, properties, pulumi.ResourceOptions.merge(opts, secret))


def _run(props: Properties) -> None:
    _end(props)
    try:
        _complete(props)
    finally:
        _end(props)  # it is over, and so is what it has started


def _end(props: Properties) -> None:
    end_orphans(props["workspace"], props["name"])
    end_strays(props)


def _complete(props: Properties) -> None:
    folder = launch.prepare_folder(props)
    log = launch.log_file(props)
    with new_file(log) as stream:
        try:
            done = subprocess.run(
                run_as(service_account(props.get("account")), [str(word) for word in props["command"]]),
                env=launch.variables(props),
                cwd=props.get("directory") or folder,
                stdin=subprocess.DEVNULL,
                stdout=stream,
                stderr=subprocess.STDOUT,
                timeout=float(props["timeout"]),
                check=False,
                umask=0o077,
            )
        except subprocess.TimeoutExpired:
            raise LocalFailure(
                f"{props['name']} was not done after {props['timeout']} s; see {log}"
            ) from None
        except OSError as error:
            raise LocalFailure(
                f"{props['name']}: {props['command'][0]} can't be run: {error.strerror}"
            ) from None
    if done.returncode:
        text = launch.end_of_log(log, 15, props)
        raise LocalFailure(
            f"{props['name']} failed with exit status {done.returncode}; the end of {log}:\n{text}"
        )
