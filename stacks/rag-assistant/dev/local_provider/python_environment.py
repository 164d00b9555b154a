"""Isolated Python environments at exact versions, shared by all workspaces that want the same."""

from __future__ import annotations

import hashlib
import os
import shutil
from pathlib import Path

import pulumi
from pulumi.dynamic import CreateResult, ReadResult, Resource, UpdateResult
from uv import find_uv_bin

from local_provider.account import shared_folder
from local_provider.commands import install
from local_provider.failure import told_plainly
from local_provider.files import locked
from local_provider.homes import cache_home
from local_provider.interpreters import interpreter
from local_provider.resource import LocalProvider, Properties, vanished

DONE = "installed"


class PythonEnvironmentProvider(LocalProvider):
    """Installs with uv; an environment that is in the cache already costs nothing."""

    def create(self, props: Properties) -> CreateResult:
        folder = environment(str(props["label"]), str(props["requirements"]), no_deps=bool(props["no_deps"]))
        return CreateResult(folder.name, {**props, "path": str(folder)})

    def update(self, _id: str, _olds: Properties, news: Properties) -> UpdateResult:
        return UpdateResult(self.create(news).outs)

    def read(self, id_: str, props: Properties) -> ReadResult:
        return ReadResult(id_, dict(props)) if Path(props["path"], DONE).exists() else vanished()


class PythonEnvironment(Resource, module="local", name="PythonEnvironment"):
    """A virtual environment with `requirements` (the text of a pinned requirements file) in `path`/bin."""

    path: pulumi.Output[str]

    def __init__(
        self,
        name: str,
        *,
        requirements: pulumi.Input[str],
        no_deps: bool = False,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        properties = {"label": name, "requirements": requirements, "no_deps": no_deps, "path": None}
        super().__init__(PythonEnvironmentProvider(), name, properties, opts)


def environment(label: str, requirements: str, *, no_deps: bool = False) -> Path:
    """The folder of a virtual environment with exactly these requirements; made if need be."""
    python = interpreter()
    wanted = "\n".join((python, str(no_deps), requirements))
    folder = cache_home() / "environments" / hashlib.sha256(wanted.encode()).hexdigest()[:16]
    with told_plainly(f"installing the environment of {label}"):
        shared_folder(folder.parent)
        with locked(Path(f"{folder}.lock")):
            if not (folder / DONE).exists():
                _install(label, folder, python, requirements, no_deps)
    return folder


def _install(label: str, folder: Path, python: str, requirements: str, no_deps: bool) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    uv, doing = find_uv_bin(), f"installing the environment of {label}"
    index = os.environ.get("PIP_INDEX_URL")
    more = {"UV_DEFAULT_INDEX": index} if index and "UV_DEFAULT_INDEX" not in os.environ else {}
    more |= {"UV_PYTHON_DOWNLOADS": "never", "UV_NO_CONFIG": "1"}
    install(doing, [uv, "venv", "--quiet", "--python", python, str(folder)], **more)
    listed = folder / "requirements.txt"
    listed.write_text(requirements, encoding="utf-8")
    command = [
        uv,
        "pip",
        "install",
        "--quiet",
        "--compile-bytecode",
        "--python",
        str(folder / "bin" / "python"),
    ]
    flags = ["--no-deps"] if no_deps else []
    flags += ["--require-hashes"] if "--hash=" in requirements else []  # a lock says what every file must be
    install(doing, [*command, *flags, "-r", str(listed)], **more)
    (folder / DONE).touch(0o644)
