"""The environment of the user's own code: installed by an account of its environment, with none of our keys."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

import pulumi
from pulumi.dynamic import CreateResult, ReadResult, Resource, UpdateResult
from uv import find_uv_bin

from local_provider.account import Account, account_name, make_shared_folder
from local_provider.commands import helper, minimal, proxies
from local_provider.failure import LocalFailure, explain_os_errors
from local_provider.files import hold_lock
from local_provider.homes import cache_home
from local_provider.installers import uv_settings
from local_provider.interpreters import interpreter
from local_provider.resource import LocalProvider, Properties, missing_resource
from local_provider.service_accounts import own_home, service_account
from local_provider.workspace import Workspace

DONE = "installed"


class SourceEnvironmentProvider(LocalProvider):
    """Installs as an account for this alone, since packages may bring code that runs at once.

    An environment that is in that account's cache already costs nothing.
    """

    def create(self, props: Properties) -> CreateResult:
        folder = make_source_environment(
            str(props["label"]),
            str(props["requirements"]),
            service_account(props.get("account")),
            unpinned=bool(props["unpinned"]),
            builds=bool(props["builds"]),
        )
        return CreateResult(folder.name, {**props, "path": str(folder)})

    def update(self, _id: str, _olds: Properties, news: Properties) -> UpdateResult:
        return UpdateResult(self.create(news).outs)

    def read(self, id_: str, props: Properties) -> ReadResult:
        return ReadResult(id_, dict(props)) if Path(props["path"], DONE).exists() else missing_resource()


class SourceEnvironment(Resource, module="local", name="SourceEnvironment"):
    """A virtual environment with what `source`/requirements.txt asks for, in `path`/bin.

    Every file is a wheel whose digest that file gives; the workspace can allow files without digests
    (`allow_unpinned`) and packages that have to be built, which runs their code (`allow_builds`).
    """

    path: pulumi.Output[str]

    def __init__(
        self, name: str, *, source: str, workspace: Workspace, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        properties = {
            "label": name,
            "account": account_name(workspace.root, f"{name}/packages"),
            "requirements": (Path(source) / "requirements.txt").read_text(encoding="utf-8"),
            "unpinned": workspace.allow_unpinned,
            "builds": workspace.allow_builds,
            "path": None,
        }
        super().__init__(SourceEnvironmentProvider(), name, properties, opts)


def make_source_environment(
    label: str, requirements: str, account: Account | None, *, unpinned: bool = False, builds: bool = False
) -> Path:
    """The folder of a virtual environment with exactly these requirements; made if need be.

    It and uv's cache belong to the account; the components of the environment may run it and not change it.
    """
    python = interpreter()
    wanted = "\n".join((python, str(unpinned), str(builds), requirements))
    digest = hashlib.sha256(wanted.encode()).hexdigest()[:16]
    with explain_os_errors(f"installing the environment of {label}"):
        home = own_home(account)
        folder = home / "environments" / digest
        with hold_lock(home.parent / f"{home.name}-{digest}.lock"):
            if not (folder / DONE).exists():
                _Installation(label, account, home, folder).run(
                    python, requirements, unpinned=unpinned, builds=builds
                )
    return folder


@dataclass(frozen=True)
class _Installation:
    """How one is made. label: whose it is, for messages. home: the account's folder. folder: the new one below it."""

    label: str
    account: Account | None
    home: Path
    folder: Path

    def run(self, python: str, requirements: str, *, unpinned: bool, builds: bool) -> None:
        uv = _uv()
        self._do(uv, "venv", "--quiet", "--clear", "--python", python, str(self.folder))
        if not builds:
            _refuse_builds(self.label, requirements)
        _refuse_places(self.label, requirements, unpinned=unpinned)
        if any(line.strip() and not line.lstrip().startswith("#") for line in requirements.splitlines()):
            flags = [] if unpinned else ["--require-hashes"]
            flags += [] if builds else ["--only-binary", ":all:"]
            into = ["--quiet", "--python", str(self.folder / "bin" / "python")]
            self._do(uv, "pip", "install", *into, *flags, "-r", "-", text=requirements)
            self._compile(python)
        self._do("touch", str(self.folder / DONE))

    def _compile(self, python: str) -> None:
        """Write bytecode with an interpreter that reads no .pth file.

        uv would start the new environment's own, which runs them, with a mirror's password among its variables.
        """
        with suppress(LocalFailure):  # a file of another Python's has no bytecode
            self._do(python, "-I", "-S", "-m", "compileall", "-q", str(self.folder / "lib"), settings={})

    def _do(self, *command: str, text: str | None = None, settings: Mapping[str, str] | None = None) -> None:
        uv = {**proxies(), **uv_settings(), "UV_CACHE_DIR": str(self.home / "uv")}
        helper(
            f"installing the environment of {self.label}",
            command,
            {**minimal(self.home), **(uv if settings is None else settings)},
            account=self.account,
            folder=self.home,
            umask=0o027,  # the group are the components of the same environment
            text=text,
        )


def _refuse_builds(label: str, requirements: str) -> None:
    """What uv builds even with `--no-build`: a folder that is linked to, named here or in another file."""
    for line in (line.strip() for line in requirements.splitlines()):
        if line.startswith(("-e", "--editable", "-r", "--requirement ", "--requirement=")):
            raise LocalFailure(
                f"installing the environment of {label}: '{line}' has to be built, which runs its code; "
                "`allow_builds` of the environment allows it"
            )


_PLACE = re.compile(r"^-|[/\\:@]|\.(whl|zip|tgz|tar(\.\w+)?)$")
_BESIDE = re.compile(r"(^|\s)(#.*$|--(hash|only-binary)[=\s]+\S+)|^--require-hashes$|;.*|\\$")


def _refuse_places(label: str, requirements: str, *, unpinned: bool) -> None:
    """What could carry a mirror's password off: variables, which uv would expand, and addresses and files."""
    doing = f"installing the environment of {label}"
    if re.search(r"\$[\\\s]*\{", requirements):
        raise LocalFailure(
            f"{doing}: its requirements.txt has a variable, as in ${{NAME}}; write none into it"
        )
    for line in (line.strip() for line in requirements.splitlines()):
        if not unpinned and _PLACE.search(_BESIDE.sub("", line).strip()):
            what = f"'{line[:100]}' says where packages come from"
            raise LocalFailure(f"{doing}: {what}; `allow_unpinned` of the environment allows it")


def _uv() -> str:
    """A `uv` that the account can run: ours may lie in a folder of ours alone."""
    own = Path(find_uv_bin())
    if os.geteuid() != 0:
        return str(own)
    target = make_shared_folder(cache_home() / "tools") / f"uv-{version('uv')}"
    with hold_lock(Path(f"{target}.lock")):
        if not target.exists():
            handle, scratch = tempfile.mkstemp(dir=target.parent)
            with os.fdopen(handle, "wb") as stream, own.open("rb") as source:
                shutil.copyfileobj(source, stream, 1024 * 1024)
            Path(scratch).chmod(0o755)
            Path(scratch).replace(target)
    return str(target)
