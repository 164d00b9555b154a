"""Locks between processes of one user."""

from __future__ import annotations

from pathlib import Path

from filelock import FileLock


def lock_cache_folder(folder: Path) -> FileLock:
    """Lock the creation of a folder of the cache. Other users can't open the lock's file, nor hold the lock."""
    return FileLock(f"{folder}.own-lock", mode=0o600)
