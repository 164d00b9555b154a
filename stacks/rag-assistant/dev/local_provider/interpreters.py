"""A Python that servers' accounts can run."""

from __future__ import annotations

import shutil
import subprocess
import sys
from functools import cache
from pathlib import Path

from local_provider.account import run_as_others
from local_provider.failure import LocalFailure

OLDEST = (3, 11)


@cache
def interpreter() -> str:
    """Path of a Python of at least 3.11; raises LocalFailure naming what was tried."""
    tried: list[str] = []
    for candidate in _candidates():
        if candidate in tried or not Path(candidate).exists():
            continue
        tried.append(candidate)
        if _usable(candidate):
            return candidate
    raise LocalFailure(
        f"no Python of at least {'.'.join(map(str, OLDEST))} that servers' accounts can run; tried {', '.join(tried)}. "
        "Install one system-wide, or run as an ordinary user"
    )


def _candidates() -> list[str]:
    base = str(getattr(sys, "_base_executable", sys.executable))
    folders = ("/usr/bin", "/usr/local/bin", "/opt/homebrew/bin")
    named = [f"{folder}/python3.{minor}" for folder in folders for minor in (11, 12, 13)]
    found = shutil.which("python3")
    return [base, *named, *([found] if found else []), "/usr/bin/python3"]


def _usable(candidate: str) -> bool:
    check = f"import sys; sys.exit(sys.version_info < {OLDEST})"
    try:
        command = run_as_others([candidate, "-I", "-c", check])
        done = subprocess.run(command, env={}, cwd="/", capture_output=True, check=False, timeout=30)
    except (OSError, subprocess.SubprocessError):
        return False
    return done.returncode == 0
