"""Exchange two folders in one step, so that no crash leaves a mix of old and new."""

from __future__ import annotations

import os
import sys
from pathlib import Path

_AT_FDCWD = -100
_RENAME_EXCHANGE = 2  # Linux, renameat2(2)
_RENAME_SWAP = 2  # macOS, renamex_np(2)


def exchange_folders(new: Path, target: Path) -> None:
    """Put the folder `new` where `target` is; afterwards `new` holds what `target` was, or is gone.

    Raises OSError. Where the system can't exchange folders, the old one is moved aside first; `recover_folder` brings
    it back if that was as far as it came.
    """
    if not target.exists():
        new.rename(target)
    elif not _exchange(new, target):
        aside = _aside(target)
        target.rename(aside)
        try:
            new.rename(target)
        except OSError:
            aside.rename(target)
            raise
        aside.rename(new)


def recover_folder(target: Path) -> None:
    """Bring back a folder that a killed `exchange_folders` had moved aside."""
    if _aside(target).is_dir() and not target.exists():
        _aside(target).rename(target)


def _aside(target: Path) -> Path:
    return target.with_name(f".{target.name}.stackgen-old")


def _exchange(one: Path, other: Path) -> bool:
    """True if the two were exchanged atomically, False if this system doesn't offer it."""
    import ctypes

    libc = ctypes.CDLL(None, use_errno=True)
    a, b = os.fsencode(one), os.fsencode(other)
    if sys.platform == "linux" and hasattr(libc, "renameat2"):
        return libc.renameat2(_AT_FDCWD, a, _AT_FDCWD, b, _RENAME_EXCHANGE) == 0
    if sys.platform == "darwin" and hasattr(libc, "renamex_np"):
        return libc.renamex_np(a, b, _RENAME_SWAP) == 0
    return False
