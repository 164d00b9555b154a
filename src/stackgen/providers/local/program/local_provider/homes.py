"""Folders of data and caches: one workspace per environment, one cache for all environments."""

from __future__ import annotations

import os
from pathlib import Path

import pulumi


def data_home() -> Path:
    """Return $STACKGEN_DATA_HOME, /var/lib/stackgen for root, or else the XDG data folder."""
    return _home("STACKGEN_DATA_HOME", "/var/lib", "XDG_DATA_HOME", ".local/share")


def cache_home() -> Path:
    """Return $STACKGEN_CACHE_HOME, /var/cache/stackgen for root, or else the XDG cache folder."""
    return _home("STACKGEN_CACHE_HOME", "/var/cache", "XDG_CACHE_HOME", ".cache")


def run_directory(workspace: pulumi.Input[str], name: str) -> pulumi.Output[str]:
    """Return the folder of a process's configuration files; it is created again at each start."""
    return pulumi.Output.from_input(workspace).apply(lambda folder: f"{folder}/run/{name}")


def _home(own: str, for_root: str, xdg: str, below_home: str) -> Path:
    if own in os.environ:
        return Path(os.environ[own]).absolute()
    if os.geteuid() == 0:
        return Path(for_root, "stackgen")
    return Path(os.environ.get(xdg) or Path.home() / below_home, "stackgen")
