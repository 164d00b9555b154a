"""A supervised server: a resource that exists while the server runs and is healthy."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pulumi
from pulumi.dynamic import CreateResult, DiffResult, ReadResult, Resource, UpdateResult

from local_provider import launch, supervisord
from local_provider.account import account_in
from local_provider.commands import helper
from local_provider.failure import LocalFailure, explain_os_errors
from local_provider.health import Health, healthy
from local_provider.listening import health_port, holder, serves
from local_provider.orphans import end_orphans
from local_provider.resource import LocalProvider, Properties, differing, missing_resource, table
from local_provider.service_accounts import service_account
from local_provider.strays import end_strays
from local_provider.workspace_files import list_folder, remove_file, remove_tree

STEP_TIMEOUT = 900  # seconds for one step, such as the download of a model
_MADE_HERE = ("ready", "fingerprint")
_NO_CHANGE = (*_MADE_HERE, "source")  # where it lies: a digest among `triggers` says what it holds


@dataclass(frozen=True, kw_only=True)
class Step:
    """A command of the server's own tools. creates: skip it where this path is there already."""

    command: Sequence[pulumi.Input[str]]
    creates: pulumi.Input[str] | None = None
    secrets: Mapping[str, pulumi.Input[str]] = field(default_factory=dict[str, pulumi.Input[str]])
    input: pulumi.Input[str] | None = None


@dataclass(frozen=True, kw_only=True)
class ProcessArgs:
    """Arguments of a server process.

    workspace: its environment's folder. component: whose account it runs as; its own name's if absent. data: folders
    of data that are its account's. source: a folder that is copied to `directory` before it is started. environment,
    secrets: variables (secrets stay encrypted in the state). files, secret_files: relative path → content, written to
    the run folder. prepare: before each start; finish: once it is healthy. start_timeout, stop_timeout: seconds.
    sockets: paths of sockets that the server makes where any user could: what others have put there is removed, and
    what is left of them. replace_on: a change of these values needs a new resource; a change of anything else restarts
    the server where it is.
    """

    workspace: pulumi.Input[str]
    component: str | None = None
    data: Sequence[pulumi.Input[str]] = ()
    command: pulumi.Input[Sequence[pulumi.Input[str]]]
    environment: Mapping[str, pulumi.Input[str]] = field(default_factory=dict[str, pulumi.Input[str]])
    secrets: Mapping[str, pulumi.Input[str]] = field(default_factory=dict[str, pulumi.Input[str]])
    files: Mapping[str, pulumi.Input[str]] = field(default_factory=dict[str, pulumi.Input[str]])
    secret_files: Mapping[str, pulumi.Input[str]] = field(default_factory=dict[str, pulumi.Input[str]])
    directory: pulumi.Input[str] | None = None
    source: pulumi.Input[str] | None = None
    sockets: Sequence[pulumi.Input[str]] = ()
    health: Health = field(default_factory=Health)
    prepare: Sequence[Step] = ()
    finish: Sequence[Step] = ()
    stop_signal: str = "TERM"
    stop_timeout: int = 15
    start_timeout: int = 180
    replace_on: Mapping[str, pulumi.Input[str]] = field(default_factory=dict[str, pulumi.Input[str]])
    triggers: Mapping[str, pulumi.Input[Any]] = field(default_factory=dict[str, pulumi.Input[Any]])


class ProcessProvider(LocalProvider):
    """Creates, watches and removes supervised processes; creating over leftovers is safe."""

    def diff(self, _id: str, olds: Properties, news: Properties) -> DiffResult:
        changed = differing(olds, news, _NO_CHANGE)
        replaces = [name for name in changed if name in ("workspace", "name", "replace_on")]
        return DiffResult(changes=bool(changed), replaces=replaces, delete_before_replace=True)

    def create(self, props: Properties) -> CreateResult:
        with explain_os_errors(f"starting {props['name']}"):
            _stop(props)
            _start(props)
        return CreateResult(props["name"], _outputs(props))

    def update(self, _id: str, olds: Properties, news: Properties) -> UpdateResult:
        with explain_os_errors(f"restarting {news['name']}"):
            _stop(olds)
            _start(news)
        return UpdateResult(_outputs(news))

    def read(self, id_: str, props: Properties) -> ReadResult:
        try:
            found = supervisord.process_state(props["workspace"], props["name"])
        except supervisord.Unreachable:
            return missing_resource()
        if found is None or found["statename"] != "RUNNING":
            return missing_resource()
        untouched = launch.fingerprint(props) == props.get("fingerprint") and launch.has_source(props)
        if untouched and serves(int(found["pid"]), props["health"]) and healthy(props["health"]):
            return ReadResult(id_, dict(props))
        return missing_resource()

    def delete(self, _id: str, props: Properties) -> None:
        with explain_os_errors(f"stopping {props['name']}"):
            _stop(props)
            remove_tree(launch.run_folder(props))
            log = launch.log_file(props)
            for name in list_folder(log.parent):
                if name == log.name or name.startswith(f"{log.name}."):  # supervisord's older ones: .1, .2
                    remove_file(log.with_name(name))


class Process(Resource, module="local", name="Process"):
    """A server that the workspace's supervisor keeps running; ready once its health check has passed."""

    ready: pulumi.Output[bool]

    def __init__(self, name: str, args: ProcessArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        properties: dict[str, Any] = {
            "name": name,
            "workspace": args.workspace,
            "account": account_in(args.workspace, args.component or name),
            "data": list(args.data),
            "command": args.command,
            "environment": args.environment,
            "secrets": pulumi.Output.secret(args.secrets),
            "files": args.files,
            "secret_files": pulumi.Output.secret(args.secret_files),
            "directory": args.directory,
            "source": args.source,
            "sockets": list(args.sockets),
            "health": args.health.properties(),
            "prepare": [_step(step) for step in args.prepare],
            "finish": [_step(step) for step in args.finish],
            "step_secrets": pulumi.Output.secret(_step_secrets(args)),
            "stop_signal": args.stop_signal,
            "stop_timeout": args.stop_timeout,
            "start_timeout": args.start_timeout,
            "replace_on": args.replace_on,
            "triggers": args.triggers,
            "ready": None,
            "fingerprint": None,
        }
        secret = pulumi.ResourceOptions(additional_secret_outputs=["secrets", "secret_files", "step_secrets"])
        super().__init__(ProcessProvider(), name, properties, pulumi.ResourceOptions.merge(opts, secret))


def _step(step: Step) -> dict[str, Any]:
    return {"command": list(step.command), "creates": step.creates}


def _step_secrets(args: ProcessArgs) -> dict[str, Any]:
    """Steps' secret environment and input, apart from the rest so that they are encrypted as one."""
    every = {"prepare": args.prepare, "finish": args.finish}
    return {
        f"{kind}-{index}": {"secrets": dict(step.secrets), "input": step.input}
        for kind, steps in every.items()
        for index, step in enumerate(steps)
        if step.secrets or step.input is not None
    }


def _outputs(props: Properties) -> Properties:
    return {**props, "ready": True, "fingerprint": launch.fingerprint(props)}


def _stop(props: Properties) -> None:
    try:
        supervisord.stop_process(props["workspace"], props["name"])
    except supervisord.Unreachable:
        pass
    launch.remove_program(props)
    end_orphans(props["workspace"], props["name"])
    end_strays(props)
    launch.free_sockets(props)


def _start(props: Properties) -> None:
    try:
        launch.prepare_folder(props)
        _steps(props, "prepare")
        launch.write_program(props)
        launch.take_sockets(props)
        supervisord.start_process(props["workspace"], props["name"])
        _wait(props)
        _steps(props, "finish")
    except supervisord.Unreachable as error:
        raise LocalFailure(f"{props['name']}: {error}; run `up` again") from None
    except BaseException:
        _stop(props)  # nothing half-started stays; its log does
        raise


def _steps(props: Properties, kind: str) -> None:
    for index, step in enumerate(props.get(kind) or []):
        if step.get("creates") and Path(step["creates"]).exists():
            continue
        private = table(table(props, "step_secrets"), f"{kind}-{index}")
        environment = {**launch.variables(props), **table(private, "secrets")}
        try:
            helper(
                f"{props['name']}: {Path(str(step['command'][0])).name}",
                step["command"],
                environment,
                account=service_account(props.get("account")),
                folder=launch.run_folder(props),
                timeout=max(STEP_TIMEOUT, float(props.get("start_timeout") or 0)),
                text=private.get("input"),
            )
        except LocalFailure as failure:
            raise LocalFailure(launch.mask_secrets(str(failure), props)) from None


def _wait(props: Properties) -> None:
    """Until healthy; raises LocalFailure with the log's last lines if it dies or takes too long."""
    deadline = time.monotonic() + int(props["start_timeout"])
    starts: set[int] = set()
    while time.monotonic() < deadline:
        found = supervisord.process_state(props["workspace"], props["name"])
        if found is None or found["statename"] == "FATAL":
            raise LocalFailure(_died(props, "dies after it is started"))
        starts.add(int(found["start"]))
        if len(starts) > 4:
            raise LocalFailure(_died(props, "dies after it is started"))
        alive = found["statename"] in ("STARTING", "RUNNING")
        # Nothing is sent to a port, least of all a password, before the process that holds it is known.
        if (
            alive
            and serves(int(found["pid"]), props["health"])
            and healthy(props["health"], timeout=2)
            and _stays(props)
        ):
            return
        time.sleep(0.1)
    raise LocalFailure(_died(props, f"is not healthy after {props['start_timeout']} s"))


def _stays(props: Properties) -> bool:
    """Whether the process has not ended by the time that supervisord calls it RUNNING, which is after a second."""
    for _ in range(40):
        found = supervisord.process_state(props["workspace"], props["name"])
        if found is None or found["statename"] != "STARTING":
            return found is not None and found["statename"] == "RUNNING"
        time.sleep(0.05)
    return True


def _died(props: Properties, what: str) -> str:
    log = launch.log_file(props)
    text = launch.end_of_log(log, 12, props)
    port = health_port(props["health"])
    held = holder(port) if port is not None else ""
    taken = f"; its port {port} is taken{held}" if held else ""
    return f"{props['name']} {what}{taken}; the end of {log}:\n{text}"
