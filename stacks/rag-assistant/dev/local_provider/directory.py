"""A folder that holds data: kept when processes go, deleted only with its own resource."""

from __future__ import annotations

from pathlib import Path

import pulumi
from pulumi.dynamic import CreateResult, ReadResult, Resource

from local_provider.failure import explain_os_errors
from local_provider.homes import data_home
from local_provider.ownership import release
from local_provider.resource import LocalProvider, Properties, missing_resource
from local_provider.service_accounts import delete_unused_accounts
from local_provider.workspace_files import is_folder, make_operator_folder, remove_tree


class DataDirectoryProvider(LocalProvider):
    """Creates folders for servers, and removes them."""

    replace_on = ("path",)

    def create(self, props: Properties) -> CreateResult:
        with explain_os_errors(f"making the data folder {props['path']}"):
            if not is_folder(Path(props["path"])):  # data that was kept stays as it is
                make_operator_folder(Path(props["path"]), closed=True)
        return CreateResult(props["path"], dict(props))

    def read(self, id_: str, props: Properties) -> ReadResult:
        return ReadResult(id_, dict(props)) if is_folder(Path(props["path"])) else missing_resource()

    def delete(self, _id: str, props: Properties) -> None:
        path = Path(props["path"])
        with explain_os_errors(f"deleting the data folder {path}"):
            remove_tree(path)
        remove_unused(path)


class DataDirectory(Resource, module="local", name="DataDirectory"):
    """A private data folder; deleting the resource deletes what is in it."""

    path: pulumi.Output[str]

    def __init__(
        self, name: str, *, path: pulumi.Input[str], opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__(DataDirectoryProvider(), name, {"path": path}, opts)


def remove_unused(path: Path) -> None:
    """Remove the empty folders above the deleted `path`, and accounts and owner of a workspace out of use."""
    remove_empty_parents(path)
    for parent in path.parents:
        delete_unused_accounts(parent)
        release(parent)
    remove_empty_parents(path)  # the folder of the owner's file


def remove_empty_parents(path: Path) -> None:
    """Remove empty folders above `path`, up to the data home."""
    for parent in path.parents:
        if parent == data_home() or not parent.is_relative_to(data_home()):
            return
        try:
            parent.rmdir()
        except FileNotFoundError:
            continue  # another process has removed it
        except OSError:
            return
