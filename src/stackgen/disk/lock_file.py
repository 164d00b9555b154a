"""The lock of a program on disk: which files the program was written with. A stranger may have written it."""

from __future__ import annotations

import json
from pathlib import Path

from stackgen.disk.folder_view import FolderView
from stackgen.program.lock import LOCK


def files_in_lock(folder: Path) -> dict[str, str]:
    """Path → sha256 of every file the program in `folder` was written with; empty if there is no lock.

    Names that lead out of the folder are left out: a lock may come from a stranger.
    """
    try:
        content = json.loads((FolderView(folder).read(LOCK) or b"").decode("utf-8"))
        return {str(path): str(digest) for path, digest in content["files"].items() if _inside(path)}
    except (OSError, ValueError, KeyError, AttributeError, TypeError, RecursionError):
        return {}


def _inside(path: str) -> bool:
    return "\0" not in path and all(part not in ("", ".", "..") for part in path.split("/"))
