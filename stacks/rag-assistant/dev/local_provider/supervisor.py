"""One supervisord per workspace: keeps its servers running, writes their logs."""

from __future__ import annotations

import os
import subprocess
import time
from pathlib import Path

import pulumi
from pulumi.dynamic import CreateResult, ReadResult, Resource, UpdateResult

from local_provider import supervisord
from local_provider.account import run_apart, run_as_others
from local_provider.commands import minimal
from local_provider.directory import remove_unused
from local_provider.failure import LocalFailure, explain_os_errors
from local_provider.orphans import end_orphans
from local_provider.ownership import OWNER, claim, owner_name, require_own
from local_provider.python_environment import make_python_environment
from local_provider.resource import LocalProvider, Properties, missing_resource
from local_provider.service_accounts import end_processes_of
from local_provider.workspace_files import (
    list_folder,
    make_operator_folder,
    remove_file,
    remove_tree,
    tail,
    write,
)

REQUIREMENTS = (Path(__file__).parent / "locks" / "supervisor.txt").read_text(encoding="utf-8")
PATIENCE = 20  # seconds for supervisord to answer

CONFIGURATION = """\
[unix_http_server]
file={socket}
chmod=0700

[supervisord]
{user}umask=077
logfile={folder}/state/supervisord.log
pidfile={folder}/state/supervisord.pid
childlogdir={folder}/state
directory={workspace}
nodaemon=false
silent=true

[rpcinterface:supervisor]
supervisor.rpcinterface_factory=supervisor.rpcinterface:make_main_rpcinterface

[include]
files=processes/*.conf
"""


class SupervisorProvider(LocalProvider):
    """Starts supervisord, and ends it with everything it runs."""

    replace_on = ("workspace",)

    def create(self, props: Properties) -> CreateResult:
        workspace = str(props["workspace"])
        with explain_os_errors(f"preparing the workspace {workspace}"):
            # The program has looked where it lies.
            require_own(Path(workspace), str(props["owner"]), known=True)
            _end(workspace)
            _prepare(workspace)
            claim(Path(workspace), str(props["owner"]))
        _start(workspace)
        return CreateResult(workspace, {**props, "directory": workspace})

    def update(self, _id: str, _olds: Properties, news: Properties) -> UpdateResult:
        """A workspace of a former version gets its owner's name."""
        with explain_os_errors(f"preparing the workspace {news['workspace']}"):
            claim(Path(str(news["workspace"])), str(news["owner"]))
        return UpdateResult({**news, "directory": news["workspace"]})

    def read(self, id_: str, props: Properties) -> ReadResult:
        try:
            supervisord.call(str(props["workspace"]), "getState")
        except supervisord.Unreachable:
            return missing_resource()
        return ReadResult(id_, dict(props))

    def delete(self, _id: str, props: Properties) -> None:
        workspace = Path(str(props["workspace"]))
        with explain_os_errors(f"removing the workspace {workspace}"):
            _end(str(workspace))
            end_processes_of(str(workspace))
            for name in ("supervisor", "run", "logs"):
                remove_tree(workspace / name)
            remove_tree(supervisord.socket_path(str(workspace)).parent)
            remove_unused(workspace / "data" / "any")


class Supervisor(Resource, module="local", name="Supervisor"):
    """Supervision of one workspace; `directory` is the workspace's folder."""

    directory: pulumi.Output[str]

    def __init__(
        self, name: str, *, directory: pulumi.Input[str], opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__(
            SupervisorProvider(),
            name,
            {"workspace": directory, "owner": owner_name(), "directory": None},
            opts,
        )


PARTS = ("data", "run", "logs", "supervisor", OWNER)


def _prepare(workspace: str) -> None:
    """The folders of a workspace. Servers write to their own below `data` and `run` only."""
    folder = Path(workspace)
    _require_own(folder)
    remove_tree(folder / "supervisor")
    for name in ("data", "run"):
        make_operator_folder(folder / name)
    socket = supervisord.socket_path(workspace)
    for own in ("logs", "supervisor", "supervisor/processes", "supervisor/state"):
        make_operator_folder(folder / own, closed=True)
    make_operator_folder(socket.parent, closed=True)
    text = CONFIGURATION.format(
        # root's is said, so that supervisord does not warn of it: each program names the account that it runs as
        user="user=root\n" if os.geteuid() == 0 else "",
        socket=_escaped(socket),
        folder=_escaped(folder / "supervisor"),
        workspace=_escaped(workspace),
    )
    write(folder / "supervisor" / "supervisord.conf", text, 0o600, None)
    _require_passage(folder)


def _require_own(workspace: Path) -> None:
    """A new folder, an empty one, or a workspace: a folder of somebody's is not taken over."""
    strangers = [name for name in list_folder(workspace) if name not in PARTS]
    if strangers:
        raise LocalFailure(
            f"{workspace} holds something else than a workspace ({', '.join(strangers[:3])}); "
            "choose an empty folder with the provider's setting `directory`"
        )


def _require_passage(workspace: Path) -> None:
    """Servers must be able to enter their workspace: whether they can, another account says."""
    enter = ["/bin/sh", "-c", 'cd -- "$1"', "sh", str(workspace)]
    command = run_as_others(enter)
    if subprocess.run(command, env={}, cwd="/", capture_output=True, check=False, timeout=60).returncode:
        closed = [f for f in reversed(workspace.parents) if not f.stat().st_mode & 0o001] or [workspace]
        raise LocalFailure(
            f"the accounts that servers run as can't enter {workspace}: {closed[0]} is closed to them; "
            f"run `chmod o+x {closed[0]}`, or choose another data folder ($STACKGEN_DATA_HOME)"
        )


def _start(workspace: str) -> None:
    program = make_python_environment("the process supervisor", REQUIREMENTS) / "bin" / "supervisord"
    folder = Path(workspace, "supervisor")
    # supervisord leaves its starter's process group by itself
    done = subprocess.run(
        run_apart([str(program), "-c", str(folder / "supervisord.conf")]),
        env=minimal(folder / "state"),
        cwd=workspace,
        capture_output=True,
        text=True,
        check=False,
        umask=0o077,
    )
    deadline = time.monotonic() + PATIENCE
    while done.returncode == 0 and time.monotonic() < deadline:
        try:
            supervisord.call(workspace, "getState")
            return
        except supervisord.Unreachable:
            time.sleep(0.05)
    words = "\n".join([done.stdout, done.stderr, *tail(folder / "state" / "supervisord.log", 5)]).strip()
    raise LocalFailure(f"the process supervisor of {workspace} does not start:\n{words}")


def _end(workspace: str) -> None:
    """Shut supervisord down and wait until it and all it ran are gone."""
    try:
        supervisord.call(workspace, "shutdown")
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            supervisord.call(workspace, "getState")
            time.sleep(0.05)
    except supervisord.Unreachable:
        pass
    end_orphans(workspace)
    remove_file(supervisord.socket_path(workspace))


def _escaped(value: object) -> str:
    return str(value).replace("%", "%%")
