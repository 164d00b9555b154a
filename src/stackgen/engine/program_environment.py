"""The virtual environment that a program runs in: in the cache, made from its requirements alone.

Never `venv` beside the program: that one is for a plain `pulumi`, and may have come with a checkout.
"""

from __future__ import annotations

import hashlib
import re
import shutil
import subprocess
import sys
from pathlib import Path

from stackgen import checkout
from stackgen.errors import ExitCode, Problem, StackgenError
from stackgen.homes import cache_home
from stackgen.progress import Progress
from stackgen.toolchain.cache_lock import lock_cache_folder
from stackgen.toolchain.installers import make_environment

_PIN = re.compile(r"^[\w.\[\]-]+==\S+", re.MULTILINE)


def prepare_for_program(program: Path, progress: Progress) -> Path:
    """The environment of the program in a folder, made if need be; raises StackgenError(install-failed).

    Its requirements.txt is a lock, unless it is as open as its requirements.in: a private catalog asks for
    something that has no pin.
    """
    text = checkout.read_text(program / "requirements.txt")
    wanted = program / "requirements.in"
    open_ = not _PIN.search(text) and wanted.is_file() and checkout.read_text(wanted) == text
    return prepare_environment(text, progress, locked=not open_)


def prepare_environment(requirements: str, progress: Progress, *, locked: bool = True) -> Path:
    """An environment with exactly these requirements, shared by every program that wants the same.

    locked: every file is a wheel that has a digest in `requirements`. Raises StackgenError(install-failed) with
    the installer's last words.
    """
    base = str(getattr(sys, "_base_executable", sys.executable))
    key = "\0".join((sys.version, base, str(locked), requirements))
    folder = cache_home() / "program-environments" / hashlib.sha256(key.encode()).hexdigest()[:16]
    folder.parent.mkdir(parents=True, exist_ok=True)
    with lock_cache_folder(folder):
        if not (folder / "installed").exists():
            progress("installing the program's requirements")
            _install(folder, requirements, locked)
    return folder


def _install(folder: Path, requirements: str, locked: bool) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    listed = folder.with_suffix(".txt")
    listed.write_text(requirements, encoding="utf-8")
    try:
        make_environment(folder, ["-r", str(listed)], pinned=locked)
    except subprocess.CalledProcessError as error:
        words = (error.stderr or str(error)).strip().splitlines()[-3:]
        message = f"the program's requirements can't be installed: {' / '.join(words)}"
        raise StackgenError(Problem("install-failed", message), ExitCode.DEPLOYMENT) from error
    (folder / "installed").touch()
