"""Builds Pulumi from its published Go modules, for machines that reach nothing but package registries."""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
import tempfile
from pathlib import Path

from filelock import FileLock

from stackgen.engine import installers
from stackgen.engine.paths import cache_home
from stackgen.engine.progress import Progress
from stackgen.engine.toolchain import go
from stackgen.errors import ExitCode, Problem, StackgenError

VERSION = "3.212.0"
HERE = Path(__file__).parent
MODULE = (HERE / "pulumi" / "go.mod", HERE / "pulumi" / "go.sum")
HOST_LOCK = HERE / "locks" / "language-host.txt"
LAUNCHERS = (
    "dist/pulumi-resource-pulumi-python",
    "dist/pulumi-analyzer-policy-python",
    "cmd/pulumi-language-python-exec",
)
HOST = """#!/bin/sh
here=$(CDPATH= cd -- "$(dirname -- "$0")" && pwd)
exec "$here/../python/bin/python" -u "$here/pulumi_language_python.py" "$@"
"""


def folder() -> Path:
    """Where the build of this version, from these sources, is cached."""
    digest = hashlib.sha256()
    for path in (*MODULE, HOST_LOCK, HERE / "host" / "pulumi_language_python.py"):
        digest.update(path.read_bytes())
    digest.update(HOST.encode())
    return cache_home() / "engine" / f"{VERSION}-{digest.hexdigest()[:12]}"


def is_built() -> bool:
    """Whether the cached build is there, whole, and its programs are what they were when they were built."""
    try:
        recorded = json.loads((folder() / "stamp.json").read_text())
        return recorded == _stamp(folder()) and (folder() / "python/bin/python").exists()
    except (OSError, ValueError):
        return False


def build(progress: Progress) -> Path:
    """The engine's folder, built if it isn't cached; concurrent callers wait for one build.

    Raises StackgenError(engine-build-failed) with the compiler's last words.
    """
    target = folder()
    target.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(f"{target}.lock"):
        if not is_built():
            _build(target, progress)
    return target


def _build(target: Path, progress: Progress) -> None:
    compiler = go(progress)
    shutil.rmtree(target, ignore_errors=True)
    (target / "bin").mkdir(parents=True)
    try:
        with tempfile.TemporaryDirectory() as scratch:
            progress(f"building Pulumi {VERSION} from its Go modules (about two minutes, once)")
            _compile(compiler, Path(scratch), target / "bin" / "pulumi")
            progress("adding Pulumi's Python launchers and the language host")
            _launchers(compiler, Path(scratch), target / "bin")
        installers.make_environment(target / "python", ["-r", str(HOST_LOCK)])
    except subprocess.CalledProcessError as error:
        last = (error.stderr or "").strip().splitlines()[-3:]
        message = f"Pulumi {VERSION} can't be built: {' / '.join(last) or error}"
        hint = (
            "install Pulumi yourself: stackgen uses the `pulumi` it finds on PATH; "
            "or set STACKGEN_ENGINE=official to let Pulumi's own installer run, which compares no digest"
        )
        raise StackgenError(Problem("engine-build-failed", message, hint=hint), ExitCode.GENERIC) from error
    _record(target)


def _record(target: Path) -> None:
    (target / "stamp.json").write_text(json.dumps(_stamp(target)))


def _stamp(target: Path) -> dict[str, str]:
    """Every file below `bin` with the SHA-256 of its content."""
    folder, found = target / "bin", dict[str, str]()
    for path in sorted(folder.rglob("*")):
        if path.is_file() and "__pycache__" not in path.parts:
            with path.open("rb") as stream:
                found[path.relative_to(folder).as_posix()] = hashlib.file_digest(stream, "sha256").hexdigest()
    return found


def _compile(compiler: Path, scratch: Path, binary: Path) -> None:
    for path in MODULE:
        shutil.copy(path, scratch / path.name)
    setting = f"github.com/pulumi/pulumi/sdk/v3/go/common/version.Version=v{VERSION}"
    flags = ["-trimpath", "-ldflags", f"-s -w -X {setting}", "-o", str(binary)]
    installers.go(compiler, scratch, "build", *flags, "github.com/pulumi/pulumi/pkg/v3/cmd/pulumi")


def _launchers(compiler: Path, scratch: Path, target: Path) -> None:
    """The scripts that Pulumi's own Go module carries, and our language host beside them."""
    listing = installers.go(
        compiler, scratch, "list", "-m", "-f", "{{.Dir}}", "github.com/pulumi/pulumi/sdk/v3"
    )
    for launcher in LAUNCHERS:
        source = Path(listing.strip(), "python", launcher)
        shutil.copyfile(source, target / source.name)
        (target / source.name).chmod(0o755)
    shutil.copyfile(HERE / "host" / "pulumi_language_python.py", target / "pulumi_language_python.py")
    (target / "pulumi-language-python").write_text(HOST)
    (target / "pulumi-language-python").chmod(0o755)
