"""A copy of the user's source folder where the component's account can read it, noticed when it changes."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Iterator
from pathlib import Path

import pulumi
from pulumi.dynamic import CreateResult, ReadResult, Resource, UpdateResult

from local_provider.account import Account, account_in
from local_provider.directory import remove_empty_parents
from local_provider.failure import LocalFailure, told_plainly
from local_provider.homes import run_directory
from local_provider.resource import LocalProvider, Properties, vanished
from local_provider.service_accounts import existing_account, service_account
from local_provider.workspace_files import (
    files_below,
    make_folder,
    make_operator_folder,
    read,
    remove_tree,
    write,
)

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
            _copy(Path(props["source"]), Path(props["path"]), service_account(props.get("account")))
        return CreateResult(props["path"], dict(props))

    def update(self, _id: str, _olds: Properties, news: Properties) -> UpdateResult:
        return UpdateResult(self.create(news).outs)

    def read(self, id_: str, props: Properties) -> ReadResult:
        account = existing_account(props.get("account"))
        intact = _copied_digest(Path(props["path"]), account) == props["digest"]
        return ReadResult(id_, dict(props)) if intact else vanished()

    def delete(self, _id: str, props: Properties) -> None:
        with told_plainly(f"deleting the copy of {props['source']}"):
            remove_tree(Path(props["path"]))
        remove_empty_parents(Path(props["path"]))


class SourceTree(Resource, module="local", name="SourceTree"):
    """`source` (relative to the program) of a component copied to `path`; `digest` is that of all its files."""

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
            "account": account_in(workspace, component),
            "digest": digest(folder),
        }
        super().__init__(SourceTreeProvider(), name, properties, opts)


def digest(folder: Path) -> str:
    """sha256 over relative paths and contents of every file that counts."""
    return _digest((path.relative_to(folder).as_posix(), path.read_bytes()) for path in _files(folder))


def _copied_digest(copy: Path, account: Account | None) -> str | None:
    """The same of a copy, which the service may have changed; None where it can't be read as files of its own."""
    names = [name for name in files_below(copy) if not name.endswith(".pyc")]
    counted = [name for name in names if IGNORED.isdisjoint(Path(name).parent.parts)]
    try:
        return _digest((name, read(copy / name, account)) for name in counted)
    except OSError:
        return None


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


def _copy(source: Path, target: Path, account: Account | None) -> None:
    make_operator_folder(target.parent)
    remove_tree(target)
    make_folder(target, account)
    for path in _files(source):
        copy = target / path.relative_to(source)
        for parent in reversed(copy.relative_to(target).parents[:-1]):
            make_folder(target / parent, account)
        write(copy, path.read_bytes(), 0o600, account)
