"""A copy of the user's source folder where the service account can read it, noticed when it changes."""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pulumi
from pulumi.dynamic import CreateResult, ReadResult, Resource, UpdateResult

from local_provider.account import give, own_folder
from local_provider.directory import remove_empty_parents
from local_provider.failure import LocalFailure, told_plainly
from local_provider.resource import LocalProvider, Properties, vanished

IGNORED = {
    "__pycache__",
    "venv",
    ".venv",
    ".git",
    ".pytest_cache",
    ".ruff_cache",
    ".mypy_cache",
    "node_modules",
}


class SourceTreeProvider(LocalProvider):
    """Copies; the digest among its inputs makes an edit a change."""

    replace_on = ("path",)

    def create(self, props: Properties) -> CreateResult:
        with told_plainly(f"copying {props['source']}"):
            _copy(Path(props["source"]), Path(props["path"]))
        return CreateResult(props["path"], dict(props))

    def update(self, _id: str, _olds: Properties, news: Properties) -> UpdateResult:
        return UpdateResult(self.create(news).outs)

    def read(self, id_: str, props: Properties) -> ReadResult:
        copy = Path(props["path"])
        intact = copy.is_dir() and digest(copy) == props["digest"]
        return ReadResult(id_, dict(props)) if intact else vanished()

    def delete(self, _id: str, props: Properties) -> None:
        shutil.rmtree(props["path"], ignore_errors=True)
        remove_empty_parents(Path(props["path"]))


class SourceTree(Resource, module="local", name="SourceTree"):
    """`source` (relative to the program) copied to `path`; `digest` is that of all its files."""

    path: pulumi.Output[str]
    digest: pulumi.Output[str]

    def __init__(
        self, name: str, *, source: str, path: pulumi.Input[str], opts: pulumi.ResourceOptions | None = None
    ) -> None:
        folder = Path(source).resolve()
        if not folder.is_dir():
            raise LocalFailure(f"{name}: there is no source folder {folder}")
        properties = {"source": str(folder), "path": path, "digest": digest(folder)}
        super().__init__(SourceTreeProvider(), name, properties, opts)


def digest(folder: Path) -> str:
    """sha256 over relative paths and contents of every file that counts."""
    found = hashlib.sha256()
    for path in _files(folder):
        found.update(f"{path.relative_to(folder).as_posix()}\0{path.stat().st_size}\0".encode())
        found.update(path.read_bytes())
    return found.hexdigest()


def _files(folder: Path) -> Iterator[Path]:
    inside = folder.resolve()
    for root, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if name not in IGNORED)
        for path in (Path(root, name) for name in sorted(names) if not name.endswith(".pyc")):
            if path.is_symlink() and not path.resolve().is_relative_to(inside):
                raise LocalFailure(f"{path} is a link that leads out of {folder}; its target is not copied")
            if path.is_file():  # no pipe, no socket, no link to nothing
                yield path


def _copy(source: Path, target: Path) -> None:
    shutil.rmtree(target, ignore_errors=True)
    own_folder(target)
    for path in _files(source):
        copy = target / path.relative_to(source)
        own_folder(copy.parent)
        shutil.copyfile(path, copy)
        copy.chmod(0o600)
        give(copy)
