"""Locks between processes of one user."""

from __future__ import annotations

from pathlib import Path

from filelock import FileLock


def lock_cache_folder(folder: Path) -> FileLock:
    """A lock for whoever makes a folder of the cache. Other users can't open its file: they could hold the lock."""
    return FileLock(f"{folder}.own-lock", mode=0o600)
