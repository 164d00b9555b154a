"""Owner of a workspace: a file in it names the one environment that its data and its servers belong to."""

from __future__ import annotations

import os
from pathlib import Path

import pulumi

from local_provider.failure import LocalFailure
from local_provider.homes import data_home
from local_provider.workspace_files import files_below, is_folder, list_folder, read, remove_file, write

OWNER = ".stackgen-owner"


def workspace_directory(chosen: str | None = None) -> str:
    """Folder of this Pulumi stack's data, configuration and logs: below the data home, or as chosen in the spec.

    A spec may not place folders anywhere on the machine: the user who runs stackgen names other places in
    $STACKGEN_DATA_DIRECTORIES. Raises LocalFailure for any other place, and for a folder of another environment.
    """
    own = data_home() / "stacks" / pulumi.get_project() / pulumi.get_stack()
    folder = own if chosen is None else Path(chosen).expanduser().resolve()
    if chosen is not None:
        _require_admitted(folder, own.parent)
    require_own(folder, owner_name(), known=folder == own.resolve() or chosen is None)
    return str(folder)


def owner_name() -> str:
    """Return the name of this Pulumi stack in the file of the workspace that it owns."""
    return f"{pulumi.get_project()}/{pulumi.get_stack()}"


def require_own(workspace: Path, name: str, *, known: bool) -> None:
    """Raises LocalFailure unless the workspace is the environment `name`'s, or no one's yet.

    known: whether its place says whose it is, so that data without an owner's file, from former versions, is its own.
    """
    for folder in (workspace, *workspace.parents):
        holder = _holder(folder)
        if holder is not None and (holder != name or folder != workspace):
            raise LocalFailure(
                f"{workspace} is in the workspace of the environment {holder}; choose another folder with the "
                "provider's setting `directory`"
            )
    if not known and _holder(workspace) is None and files_below(workspace):
        raise LocalFailure(
            f"{workspace} holds data and does not say whose it is; if it belongs to the environment {name}, run "
            f"`echo {name} > {workspace / OWNER}`, else choose another folder with the provider's setting `directory`"
        )


def claim(workspace: Path, name: str) -> None:
    """Note that the workspace is the environment `name`'s; its folder exists."""
    if _holder(workspace) != name:
        write(workspace / OWNER, name + "\n", 0o600, None)


def release(workspace: Path) -> None:
    """Delete the owner's file, so that another environment may use the folder, unless the workspace is in use."""
    if not is_in_use(workspace):
        remove_file(workspace / OWNER)


def is_in_use(workspace: Path) -> bool:
    """Return True if servers run in the workspace, or it holds data."""
    return bool(
        is_folder(workspace / "supervisor")
        or list_folder(workspace / "data")
        or list_folder(workspace / "run")
    )


def _require_admitted(folder: Path, own: Path) -> None:
    below = own.resolve()
    if folder != below and folder.is_relative_to(below):  # that folder holds those of all environments
        return
    admitted = filter(None, os.environ.get("STACKGEN_DATA_DIRECTORIES", "").split(os.pathsep))
    if not any(folder.is_relative_to(Path(place).expanduser().resolve()) for place in admitted):
        raise LocalFailure(
            f"the setting `directory` names {folder}, which is not below this stack's folder {own}; "
            f"to admit it, set STACKGEN_DATA_DIRECTORIES={folder} where you run stackgen"
        )


def _holder(folder: Path) -> str | None:
    """The environment that a folder belongs to; None where it does not say so."""
    try:
        return read(folder / OWNER).decode(errors="replace").strip()
    except OSError:
        return None
