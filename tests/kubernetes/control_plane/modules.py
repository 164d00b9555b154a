"""Built and cached from published Go modules, whose hashes the committed go.sum files pin."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

from filelock import FileLock

from stackgen.homes import cache_home
from stackgen.progress import Progress, silent
from stackgen.toolchain.go import find_go

OLDEST_GO = (1, 26)
"""What k8s.io/kubernetes v1.36 asks for."""


class CannotBuild(Exception):
    """A program can't be built here; the message has the compiler's last words."""


@dataclass(frozen=True)
class GoProgram:
    """folder: has go.mod and go.sum, and main.go if `package` is `.`. settings: `-X` of the linker."""

    name: str
    folder: Path
    package: str = "."
    settings: tuple[tuple[str, str], ...] = ()


def home() -> Path:
    """Where programs and definitions are cached."""
    return cache_home() / "kubernetes-tests"


def build(program: GoProgram, progress: Progress = silent) -> Path:
    """The executable, built unless the cache has it whole. Raises CannotBuild."""
    target = home() / f"{program.name}-{_digest(program)}"
    target.parent.mkdir(parents=True, exist_ok=True)
    executable = target / program.name
    with FileLock(f"{target}.lock"):
        if not _whole(target, executable):
            progress(f"building {program.name} from its Go modules (once)")
            shutil.rmtree(target, ignore_errors=True)
            target.mkdir()
            _compile(program, executable)
            (target / "stamp.json").write_text(json.dumps({"sha256": _hash(executable)}), encoding="utf-8")
    return executable


def source(module: str, version: str) -> Path:
    """The folder of a published module's files. Raises CannotBuild."""
    with tempfile.TemporaryDirectory() as elsewhere:
        done = _go(["mod", "download", "-json", f"{module}@{version}"], Path(elsewhere))
    return Path(json.loads(done)["Dir"])


def _compile(program: GoProgram, executable: Path) -> None:
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch, program.name)
        shutil.copytree(program.folder, folder)
        link = " ".join(["-s", "-w", *(f"-X {name}={value}" for name, value in program.settings)])
        _go(["build", "-trimpath", "-ldflags", link, "-o", str(executable), program.package], folder)


def _go(arguments: list[str], folder: Path) -> str:
    """Run the toolchain, at low priority: it takes every processor for minutes."""
    environment = {**os.environ, "CGO_ENABLED": "0", "GOTOOLCHAIN": "local"}
    command = ["nice", "-n", "10", str(find_go(silent, OLDEST_GO)), *arguments]
    done = subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, timeout=5400, check=False
    )
    if done.returncode != 0:
        raise CannotBuild(f"go {' '.join(arguments[:3])} failed:\n{(done.stderr or done.stdout)[-2000:]}")
    return done.stdout


def _digest(program: GoProgram) -> str:
    digest = hashlib.sha256(repr((program.package, program.settings)).encode())
    for file in sorted(program.folder.rglob("*")):
        digest.update(file.read_bytes() if file.suffix in (".go", ".mod", ".sum") else b"")
    return digest.hexdigest()[:12]


def _whole(target: Path, executable: Path) -> bool:
    try:
        recorded = json.loads((target / "stamp.json").read_text(encoding="utf-8"))
        return recorded == {"sha256": _hash(executable)}
    except (OSError, ValueError):
        return False


def _hash(file: Path) -> str:
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
