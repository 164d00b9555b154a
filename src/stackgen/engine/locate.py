"""A working `pulumi`, without asking the user to think about it: PATH, our own build, or Pulumi's release if asked for.

Our build compares the digest of every module with a go.sum. Pulumi's installer compares none, so it runs only where
STACKGEN_ENGINE is `official`.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from stackgen.engine import build
from stackgen.errors import ExitCode, Problem, StackgenError
from stackgen.homes import cache_home
from stackgen.progress import Progress, silent

OLDEST_VERSION: tuple[int, ...] = (3, 200)
CHOICE, OFFICIAL = "STACKGEN_ENGINE", "official"


@dataclass(frozen=True)
class Engine:
    """folder: has `bin/pulumi`. origin: `path`, `official` or `built`. version: as it says of itself."""

    folder: Path
    version: str
    origin: str

    @property
    def executable(self) -> Path:
        """The `pulumi` program."""
        return self.folder / "bin" / "pulumi"


def find_engine() -> Engine | None:
    """An engine that is there already; nothing is installed."""
    on_path = _on_path()
    if on_path is not None:
        return on_path
    if _official_asked():
        return _engine(cache_home() / "engine" / "official", "official")
    return _engine(build.build_folder(), "built") if build.is_built() else None


def ensure_engine(progress: Progress = silent) -> Engine:
    """An engine, installed if need be; raises StackgenError if it can't be."""
    found = find_engine()
    if found is not None:
        return found
    if _official_asked():
        return _official(progress)
    folder = build.build_engine(progress)
    version = _version(folder / "bin" / "pulumi")
    return Engine(folder, ".".join(map(str, version)), "built")


def _official_asked() -> bool:
    word = os.environ.get(CHOICE) or "built"
    if word not in ("built", OFFICIAL):
        message = f"{CHOICE} is '{word}', which is no way to install the engine"
        problem = Problem("unknown-engine", message, allowed=("built", OFFICIAL))
        raise StackgenError(problem, ExitCode.INVALID)
    return word == OFFICIAL


def _on_path() -> Engine | None:
    executable, host = shutil.which("pulumi"), shutil.which("pulumi-language-python")
    if executable is None or host is None:
        return None
    folder = Path(executable).absolute().parent.parent
    if folder / "bin" / "pulumi" != Path(executable).absolute():
        return None  # a shim; the Automation API wants <folder>/bin/pulumi
    if folder.is_relative_to(cache_home() / "engine") and folder != build.build_folder():
        return None  # an earlier stackgen's, in a shell that took over its variables
    return _engine(folder, "built" if folder == build.build_folder() else "path")


def _engine(folder: Path, origin: str) -> Engine | None:
    executable = folder / "bin" / "pulumi"
    version = _version(executable) if executable.exists() else (0, 0)
    return Engine(folder, ".".join(map(str, version)), origin) if version >= OLDEST_VERSION else None


def _official(progress: Progress) -> Engine:
    """Pulumi's own release through the Automation API's installer, a script that compares no digest."""
    from pulumi.automation import PulumiCommand

    folder = cache_home() / "engine" / "official"
    progress("installing the official Pulumi release; its installer compares no digest")
    try:
        PulumiCommand.install(root=str(folder))
    except Exception as error:
        message = f"the official Pulumi release can't be installed: {error}"
        hint = f"unset {CHOICE}: stackgen builds the engine from its Go modules, by digest"
        raise StackgenError(Problem("engine-build-failed", message, hint=hint), ExitCode.GENERIC) from error
    engine = _engine(folder, "official")
    if engine is None:
        message = f"Pulumi's installer has put no Pulumi of at least {'.'.join(map(str, OLDEST_VERSION))} into {folder}"
        raise StackgenError(Problem("engine-build-failed", message), ExitCode.GENERIC)
    return engine


def _version(executable: Path) -> tuple[int, ...]:
    command = [str(executable), "version"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return (0, 0)
    numbers = done.stdout.strip().removeprefix("v").split("-")[0].split("+")[0].split(".")
    return tuple(int(number) for number in numbers) if all(n.isdigit() for n in numbers) else (0, 0)
