"""Where stackgen keeps what it makes: data that must stay, and a cache that may go."""

from __future__ import annotations

import os
from pathlib import Path


def data_home() -> Path:
    """State and servers' data: $STACKGEN_DATA_HOME, /var/lib/stackgen for root, else the XDG data folder."""
    return _home("STACKGEN_DATA_HOME", "/var/lib", "XDG_DATA_HOME", ".local/share")


def cache_home() -> Path:
    """Engine, environments and binaries, shared by all stacks: $STACKGEN_CACHE_HOME, /var/cache, or XDG."""
    return _home("STACKGEN_CACHE_HOME", "/var/cache", "XDG_CACHE_HOME", ".cache")


def _home(own: str, for_root: str, xdg: str, below_home: str) -> Path:
    if own in os.environ:
        return Path(os.environ[own]).absolute()
    if os.geteuid() == 0:
        return Path(for_root, "stackgen")
    return Path(os.environ.get(xdg) or Path.home() / below_home, "stackgen")
