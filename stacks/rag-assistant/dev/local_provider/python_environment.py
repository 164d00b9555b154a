"""Isolated Python environments at exact versions, shared by all workspaces that want the same."""

from __future__ import annotations

import hashlib
import shutil
from pathlib import Path

import pulumi
from pulumi.dynamic import CreateResult, ReadResult, Resource, UpdateResult

from local_provider.account import make_shared_folder
from local_provider.failure import explain_os_errors
from local_provider.files import hold_lock
from local_provider.homes import cache_home
from local_provider.installers import packages, virtual_environment
from local_provider.interpreters import interpreter
from local_provider.resource import LocalProvider, Properties, missing_resource

DONE = "installed"


class PythonEnvironmentProvider(LocalProvider):
    """Installs with uv; an environment that is in the cache already costs nothing."""

    def create(self, props: Properties) -> CreateResult:
        folder = make_python_environment(
            str(props["label"]), str(props["requirements"]), no_deps=bool(props["no_deps"])
        )
        return CreateResult(folder.name, {**props, "path": str(folder)})

    def update(self, _id: str, _olds: Properties, news: Properties) -> UpdateResult:
        return UpdateResult(self.create(news).outs)

    def read(self, id_: str, props: Properties) -> ReadResult:
        return ReadResult(id_, dict(props)) if Path(props["path"], DONE).exists() else missing_resource()


class PythonEnvironment(Resource, module="local", name="PythonEnvironment"):
    """A virtual environment with `requirements` (the text of a lock) in `path`/bin."""

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


def make_python_environment(label: str, requirements: str, *, no_deps: bool = False) -> Path:
    """The folder of a virtual environment with exactly these requirements; made if need be."""
    python = interpreter()
    wanted = "\n".join((python, str(no_deps), requirements))
    folder = cache_home() / "environments" / hashlib.sha256(wanted.encode()).hexdigest()[:16]
    with explain_os_errors(f"installing the environment of {label}"):
        make_shared_folder(folder.parent)
        with hold_lock(Path(f"{folder}.lock")):
            if not (folder / DONE).exists():
                _install(label, folder, python, requirements, no_deps=no_deps)
    return folder


def _install(label: str, folder: Path, python: str, requirements: str, *, no_deps: bool) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(mode=0o700)  # until it is whole: other users could hold uv's lock in it
    doing = f"installing the environment of {label}"
    virtual_environment(doing, folder, python)
    listed = folder / "requirements.txt"
    listed.write_text(requirements, encoding="utf-8")
    target = ["--compile-bytecode", "--python", str(folder / "bin" / "python")]
    packages(doing, target, listed, *(["--no-deps"] if no_deps else []))
    folder.chmod(0o755)
    (folder / DONE).touch(0o644)
