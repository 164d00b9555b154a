"""The user's source folder, noticed when it changes, and copied where the component's account can read it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pulumi
from pulumi.dynamic import CreateResult, Resource, UpdateResult

from local_provider.account import Account
from local_provider.directory import remove_empty_parents
from local_provider.failure import LocalFailure, explain_os_errors
from local_provider.folder_trees import folders, names_in, open_path, read_regular_file
from local_provider.homes import run_directory
from local_provider.resource import LocalProvider, Properties
from local_provider.workspace_files import make_folder, make_operator_folder, remove_tree, write

IGNORED = frozenset(
    {
        "__pycache__",
        "venv",
        ".venv",
        ".git",
        ".pytest_cache",
        ".ruff_cache",
        ".mypy_cache",
        "node_modules",
    }
)


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
        with explain_os_errors(f"deleting the copy of {props['source']}"):
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
            "digest": source_digest(folder),
        }
        super().__init__(SourceTreeProvider(), name, properties, opts)


def source_digest(folder: Path) -> str:
    """sha256 over relative paths and contents of every file that counts."""
    found = hashlib.sha256()
    for name, data in _files(folder):
        found.update(f"{name}\0{len(data)}\0".encode() + data)
    return found.hexdigest()


def copy_source(source: Path, target: Path, account: Account | None) -> None:
    """Copy the files that count, as the account's; what `target` held is deleted. Raises LocalFailure."""
    if not source.is_dir():
        raise LocalFailure(f"there is no source folder {source}")
    make_operator_folder(target.parent)
    remove_tree(target)
    make_folder(target, account)
    for name, data in _files(source):
        copy = target / name
        for parent in reversed(copy.relative_to(target).parents[:-1]):
            make_folder(target / parent, account)
        write(copy, data, 0o600, account)


def _files(source: Path) -> Iterator[tuple[str, bytes]]:
    """Relative path and content of every file that counts: no pipe, no socket, no link that leads nowhere.

    The folder may be another user's than ours, who could exchange what is in it meanwhile: everything is opened from
    the folder above it. Raises LocalFailure for a link that leads out.
    """
    inside = source.resolve()
    with open_path(inside) as top:
        for root, folder in folders(top, IGNORED):
            for name in sorted(names_in(folder)):
                if name.endswith(".pyc") or name in IGNORED:
                    continue
                data = read_regular_file(name, folder)
                if data is None and (inside / root / name).is_symlink():
                    data = _linked(inside / root / name, inside, top)
                if data is not None:
                    yield f"{root}{name}", data


def _linked(link: Path, inside: Path, top: int) -> bytes | None:
    """What a link in the folder means, None for no file: links to folders are left out."""
    with suppress(FileNotFoundError, NotADirectoryError, RuntimeError):  # the last: links in a circle
        real = link.resolve()
        if not real.is_relative_to(inside) and not real.is_dir():
            raise LocalFailure(f"{link} is a link that leads out of {inside}; its target is not copied")
        if not real.is_relative_to(inside):
            return None
        target = real.relative_to(inside)
        with open_path(target.parent, top) as folder:
            return read_regular_file(target.name, folder)
    return None
