"""The user's source folder, noticed when it changes, and copied where the component's account can read it."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Iterator
from pathlib import Path

import pulumi
from pulumi.dynamic import CreateResult, Resource, UpdateResult

from local_provider.account import Account
from local_provider.directory import remove_empty_parents
from local_provider.failure import LocalFailure, told_plainly
from local_provider.homes import run_directory
from local_provider.resource import LocalProvider, Properties
from local_provider.workspace_files import make_folder, make_operator_folder, remove_tree, write

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
    """Says what the folder holds; the digest among its inputs makes an edit a change.

    The copy is made by the server or the job that runs it, when nothing of its account runs any more: the account owns
    the copy, so what still ran could change it before it is started.
    """

    replace_on = ("path",)

    def create(self, props: Properties) -> CreateResult:
        return CreateResult(props["path"], dict(props))

    def update(self, _id: str, _olds: Properties, news: Properties) -> UpdateResult:
        return UpdateResult(dict(news))

    def delete(self, _id: str, props: Properties) -> None:
        with told_plainly(f"deleting the copy of {props['source']}"):
            remove_tree(Path(props["path"]))
        remove_empty_parents(Path(props["path"]))


class SourceTree(Resource, module="local", name="SourceTree"):
    """`source` (relative to the program) of a component, the `path` of its copy, and the `digest` of all its files."""

    source: pulumi.Output[str]
    path: pulumi.Output[str]
    digest: pulumi.Output[str]

    def __init__(
        self,
        name: str,
        *,
        source: str,
        workspace: pulumi.Input[str],
        component: str,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        folder = Path(source).resolve()
        if not folder.is_dir():
            raise LocalFailure(f"{name}: there is no source folder {folder}")
        properties = {
            "source": str(folder),
            "path": run_directory(workspace, f"{component}-source"),
            "digest": digest(folder),
        }
        super().__init__(SourceTreeProvider(), name, properties, opts)


def digest(folder: Path) -> str:
    """sha256 over relative paths and contents of every file that counts."""
    return _digest((path.relative_to(folder).as_posix(), path.read_bytes()) for path in _files(folder))


def _digest(files: Iterable[tuple[str, bytes]]) -> str:
    found = hashlib.sha256()
    for name, content in files:
        found.update(f"{name}\0{len(content)}\0".encode() + content)
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


def copy_source(source: Path, target: Path, account: Account | None) -> None:
    """Copy the files that count, as the account's; what `target` held is deleted. Raises LocalFailure."""
    if not source.is_dir():
        raise LocalFailure(f"there is no source folder {source}")
    make_operator_folder(target.parent)
    remove_tree(target)
    make_folder(target, account)
    for path in _files(source):
        copy = target / path.relative_to(source)
        for parent in reversed(copy.relative_to(target).parents[:-1]):
            make_folder(target / parent, account)
        write(copy, path.read_bytes(), 0o600, account)
