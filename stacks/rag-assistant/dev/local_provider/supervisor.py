"""One supervisord per workspace: keeps its servers running, writes their logs."""

from __future__ import annotations

import shutil
import subprocess
import time
from pathlib import Path

import pulumi
from pulumi.dynamic import CreateResult, ReadResult, Resource

from local_provider import supervisord
from local_provider.account import as_service_user, own_folder
from local_provider.commands import minimal
from local_provider.directory import remove_empty_parents
from local_provider.failure import LocalFailure, told_plainly
from local_provider.files import tail, write
from local_provider.orphans import end_orphans
from local_provider.python_environment import environment
from local_provider.resource import LocalProvider, Properties, vanished

REQUIREMENTS = (Path(__file__).parent / "locks" / "supervisor.txt").read_text(encoding="utf-8")
PATIENCE = 20  # seconds for supervisord to answer

CONFIGURATION = """\
[unix_http_server]
file={socket}
chmod=0700

[supervisord]
logfile={folder}/supervisord.log
pidfile={folder}/supervisord.pid
childlogdir={folder}
directory={workspace}
nodaemon=false
silent=true

[rpcinterface:supervisor]
supervisor.rpcinterface_factory=supervisor.rpcinterface:make_main_rpcinterface

[include]
files={folder}/processes/*.conf
"""


class SupervisorProvider(LocalProvider):
    """Starts supervisord as the service account, and ends it with everything it runs."""

    replace_on = ("workspace",)

    def create(self, props: Properties) -> CreateResult:
        workspace = str(props["workspace"])
        with told_plainly(f"preparing the workspace {workspace}"):
            _end(workspace)
            _prepare(workspace)
        _start(workspace)
        return CreateResult(workspace, {**props, "directory": workspace})

    def read(self, id_: str, props: Properties) -> ReadResult:
        try:
            supervisord.call(str(props["workspace"]), "getState")
        except supervisord.Unreachable:
            return vanished()
        return ReadResult(id_, dict(props))

    def delete(self, _id: str, props: Properties) -> None:
        workspace = Path(str(props["workspace"]))
        with told_plainly(f"removing the workspace {workspace}"):
            _end(str(workspace))
            for name in ("supervisor", "run", "logs"):
                shutil.rmtree(workspace / name, ignore_errors=True)
            remove_empty_parents(workspace / "data" / "any")


class Supervisor(Resource, module="local", name="Supervisor"):
    """Supervision of one workspace; `directory` is the workspace's folder."""

    directory: pulumi.Output[str]

    def __init__(
        self, name: str, *, directory: pulumi.Input[str], opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__(SupervisorProvider(), name, {"workspace": directory, "directory": None}, opts)


PARTS = ("data", "run", "logs", "supervisor")


def _prepare(workspace: str) -> None:
    _require_own(Path(workspace))
    own_folder(Path(workspace))
    for name in PARTS:
        own_folder(Path(workspace, name))
    shutil.rmtree(Path(workspace, "supervisor", "processes"), ignore_errors=True)
    own_folder(Path(workspace, "supervisor", "processes"))
    socket = supervisord.socket_path(workspace)
    own_folder(socket.parent)
    folder = Path(workspace, "supervisor")
    text = CONFIGURATION.format(
        socket=_escaped(socket), folder=_escaped(folder), workspace=_escaped(workspace)
    )
    write(folder / "supervisord.conf", text, 0o600)


def _require_own(workspace: Path) -> None:
    """A new folder, an empty one, or a workspace: a folder of somebody's is not taken over."""
    found = [path.name for path in workspace.iterdir()] if workspace.exists() else []
    strangers = sorted(name for name in found if name not in PARTS)
    if strangers:
        raise LocalFailure(
            f"{workspace} holds something else than a workspace ({', '.join(strangers[:3])}); "
            "choose an empty folder with the provider's setting `directory`"
        )


def _start(workspace: str) -> None:
    program = environment("the process supervisor", REQUIREMENTS) / "bin" / "supervisord"
    folder = Path(workspace, "supervisor")
    # supervisord leaves its starter's process group by itself; cwd must be one the account may enter
    done = subprocess.run(
        as_service_user([str(program), "-c", str(folder / "supervisord.conf")]),
        env=minimal(folder),
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
    words = "\n".join([done.stdout, done.stderr, *tail(folder / "supervisord.log", 5)]).strip()
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
    supervisord.socket_path(workspace).unlink(missing_ok=True)


def _escaped(value: object) -> str:
    return str(value).replace("%", "%%")
