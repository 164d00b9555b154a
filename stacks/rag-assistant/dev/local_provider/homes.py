"""Where things are kept: one workspace per environment, one cache for what all environments share."""

from __future__ import annotations

import os
from pathlib import Path

import pulumi

from local_provider.failure import LocalFailure


def data_home() -> Path:
    """$STACKGEN_DATA_HOME, /var/lib/stackgen for root, else the XDG data folder."""
    return _home("STACKGEN_DATA_HOME", "/var/lib", "XDG_DATA_HOME", ".local/share")


def cache_home() -> Path:
    """$STACKGEN_CACHE_HOME, /var/cache/stackgen for root, else the XDG cache folder."""
    return _home("STACKGEN_CACHE_HOME", "/var/cache", "XDG_CACHE_HOME", ".cache")


def workspace_directory(chosen: str | None = None) -> str:
    """Folder of this Pulumi stack's data, configuration and logs: below the data home, or the one that was chosen.

    Whoever writes a spec may not place folders anywhere on the machine: those outside the data home are named by
    whoever runs stackgen, in $STACKGEN_DATA_DIRECTORIES. Raises LocalFailure for another one.
    """
    if chosen is None:
        return str(data_home() / "stacks" / pulumi.get_project() / pulumi.get_stack())
    folder = Path(chosen).expanduser().resolve()
    admitted = [data_home(), *filter(None, os.environ.get("STACKGEN_DATA_DIRECTORIES", "").split(os.pathsep))]
    if not any(folder.is_relative_to(Path(place).expanduser().resolve()) for place in admitted):
        raise LocalFailure(
            f"the setting `directory` names {folder}, which is outside the data home {data_home()}; "
            f"to admit it, set STACKGEN_DATA_DIRECTORIES={folder} where you run stackgen"
        )
    return str(folder)


def run_directory(workspace: pulumi.Input[str], name: str) -> pulumi.Output[str]:
    """Where a process finds its configuration files; made anew at each start."""
    return pulumi.Output.from_input(workspace).apply(lambda folder: f"{folder}/run/{name}")


def _home(own: str, for_root: str, xdg: str, below_home: str) -> Path:
    if own in os.environ:
        return Path(os.environ[own]).absolute()
    if os.geteuid() == 0:
        return Path(for_root, "stackgen")
    return Path(os.environ.get(xdg) or Path.home() / below_home, "stackgen")
