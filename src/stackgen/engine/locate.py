"""A working `pulumi`, without asking the user to think about it: PATH, the official release, our own build."""

from __future__ import annotations

import shutil
import socket
import subprocess
from dataclasses import dataclass
from pathlib import Path

from stackgen.engine import build
from stackgen.engine.paths import cache_home
from stackgen.engine.progress import Progress, silent

OLDEST: tuple[int, ...] = (3, 200)
RELEASES = "get.pulumi.com"
PATIENCE = 3  # seconds to find out whether the official release can be reached


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


def find() -> Engine | None:
    """An engine that is there already; nothing is installed."""
    on_path = _on_path()
    if on_path is not None:
        return on_path
    official = _engine(cache_home() / "engine" / "official", "official")
    if official is not None:
        return official
    return _engine(build.folder(), "built") if build.is_built() else None


def ensure(progress: Progress = silent) -> Engine:
    """An engine, installed if need be; raises StackgenError if none of the three ways works."""
    found = find()
    if found is not None:
        return found
    official = _official(progress)
    if official is not None:
        return official
    folder = build.build(progress)
    version = _version(folder / "bin" / "pulumi")
    return Engine(folder, ".".join(map(str, version)), "built")


def _on_path() -> Engine | None:
    executable, host = shutil.which("pulumi"), shutil.which("pulumi-language-python")
    if executable is None or host is None:
        return None
    folder = Path(executable).absolute().parent.parent
    if folder / "bin" / "pulumi" != Path(executable).absolute():
        return None  # a shim; the Automation API wants <folder>/bin/pulumi
    if folder.is_relative_to(cache_home() / "engine") and folder != build.folder():
        return None  # an earlier stackgen's, in a shell that took over its variables
    return _engine(folder, "built" if folder == build.folder() else "path")


def _engine(folder: Path, origin: str) -> Engine | None:
    executable = folder / "bin" / "pulumi"
    version = _version(executable) if executable.exists() else (0, 0)
    return Engine(folder, ".".join(map(str, version)), origin) if version >= OLDEST else None


def _official(progress: Progress) -> Engine | None:
    """Pulumi's own release through the Automation API's installer, where its site can be reached."""
    try:
        socket.create_connection((RELEASES, 443), timeout=PATIENCE).close()
    except OSError:
        progress(
            "Pulumi's releases can't be reached from here; building the engine from its Go modules instead"
        )
        return None
    from pulumi.automation import PulumiCommand

    folder = cache_home() / "engine" / "official"
    progress("installing the official Pulumi release")
    try:
        PulumiCommand.install(root=str(folder))
    except Exception as error:
        progress(f"the official release can't be installed ({error}); building the engine instead")
        return None
    return _engine(folder, "official")


def _version(executable: Path) -> tuple[int, ...]:
    command = [str(executable), "version"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return (0, 0)
    numbers = done.stdout.strip().removeprefix("v").split("-")[0].split("+")[0].split(".")
    return tuple(int(number) for number in numbers) if all(n.isdigit() for n in numbers) else (0, 0)
