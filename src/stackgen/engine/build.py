"""Builds Pulumi from its published Go modules, for machines that reach nothing but package registries."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import tempfile
from pathlib import Path

from stackgen.errors import ExitCode, Problem, StackgenError
from stackgen.homes import cache_home
from stackgen.progress import Progress
from stackgen.toolchain import installers
from stackgen.toolchain.cache_lock import lock_cache_folder
from stackgen.toolchain.go import find_go

PULUMI_VERSION = "3.212.0"
HERE = Path(__file__).parent
MODULE = (HERE / "pulumi" / "go.mod", HERE / "pulumi" / "go.sum")
HOST_LOCK = HERE / "locks" / "language-host.txt"
LAUNCHERS = ("dist/pulumi-analyzer-policy-python", "cmd/pulumi-language-python-exec")
HOST = HERE / "host"
SDK = "github.com/pulumi/pulumi/sdk/v3"
LISTENS = ("go/common/util/rpcutil", "srv.Serve(lis)", "srv.Serve(ownPeers{lis})")
"""Where every server of the engine listens: package, Pulumi's line, the line with `own_peers.go` in it."""


def build_folder() -> Path:
    """Folder in which the build of this version, from these sources, is cached."""
    digest = hashlib.sha256(binary_cache().name.encode() + HOST_LOCK.read_bytes())
    for path in sorted(path for path in HOST.rglob("*") if path.is_file() and path.suffix != ".pyc"):
        digest.update(path.relative_to(HOST).as_posix().encode() + path.read_bytes())
    return cache_home() / "engine" / f"{PULUMI_VERSION}-{digest.hexdigest()[:12]}"


def binary_cache() -> Path:
    """Path of the compiled program of this version in the cache, for all versions of the other files."""
    digest = hashlib.sha256(" ".join(LISTENS).encode())
    for path in sorted((HERE / "pulumi").iterdir()):
        digest.update(path.read_bytes())
    return cache_home() / "engine" / f"{PULUMI_VERSION}-compiled-{digest.hexdigest()[:12]}"


def is_built() -> bool:
    """True if the cached build is there, whole, and its programs are what they were when they were built."""
    try:
        recorded = json.loads((build_folder() / "stamp.json").read_text())
        return recorded == _stamp(build_folder()) and (build_folder() / "python/bin/python").exists()
    except (OSError, ValueError):
        return False


def build_engine(progress: Progress) -> Path:
    """The engine's folder, built if it isn't cached; concurrent callers wait for one build.

    Raises StackgenError(engine-build-failed) with the compiler's last words.
    """
    target = build_folder()
    target.parent.mkdir(parents=True, exist_ok=True)
    with lock_cache_folder(target):
        if not is_built():
            _build(target, progress)
    return target


def _build(target: Path, progress: Progress) -> None:
    shutil.rmtree(target, ignore_errors=True)
    (target / "bin").mkdir(parents=True)
    try:
        _compile_once(progress)
        progress("adding Pulumi's Python launchers and the language host")
        _assemble(target / "bin")
        installers.make_environment(target / "python", ["-r", str(HOST_LOCK)])
    except subprocess.CalledProcessError as error:
        last = (error.stderr or "").strip().splitlines()[-3:]
        message = f"Pulumi {PULUMI_VERSION} can't be built: {' / '.join(last) or error}"
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


def _compile_once(progress: Progress) -> None:
    """Compile into `binary_cache()` unless it is there: a part of it never is."""
    with lock_cache_folder(binary_cache()):
        if not binary_cache().is_dir():
            _to_compiled(find_go(progress), progress)


def _to_compiled(compiler: Path, progress: Progress) -> None:
    progress(f"building Pulumi {PULUMI_VERSION} from its Go modules (about two minutes, once)")
    with (
        tempfile.TemporaryDirectory() as scratch,
        tempfile.TemporaryDirectory(dir=binary_cache().parent) as unfinished,
    ):
        made = Path(unfinished, "made")
        made.mkdir()
        _compile(compiler, Path(scratch), made / "pulumi")
        _launchers(Path(scratch), made)
        made.rename(binary_cache())


def _compile(compiler: Path, scratch: Path, binary: Path) -> None:
    for path in MODULE:
        shutil.copy(path, scratch / path.name)
    _guard(compiler, scratch)
    setting = f"{SDK}/go/common/version.Version=v{PULUMI_VERSION}"
    flags = ["-trimpath", "-ldflags", f"-s -w -X {setting}", "-o", str(binary)]
    installers.run_go(compiler, scratch, "build", *flags, "github.com/pulumi/pulumi/pkg/v3/cmd/pulumi")


def _guard(compiler: Path, scratch: Path) -> None:
    """A copy of the SDK's module, as go.sum has it, whose servers answer this user's processes only."""
    installers.run_go(compiler, scratch, "mod", "download", SDK)  # a listing alone fetches nothing
    listing = installers.run_go(compiler, scratch, "list", "-m", "-f", "{{.Dir}}", SDK)
    shutil.copytree(listing.strip(), scratch / "sdk", copy_function=shutil.copyfile)
    package, before, after = LISTENS
    file = scratch / "sdk" / package / "serve.go"
    text = file.read_text(encoding="utf-8")
    if text.count(before) != 1:
        raise StackgenError(Problem("engine-build-failed", f"{SDK} no longer has the line `{before}`"))
    file.write_text(text.replace(before, after), encoding="utf-8")
    shutil.copyfile(HERE / "pulumi" / "own_peers.go", file.with_name("own_peers.go"))
    installers.run_go(compiler, scratch, "mod", "edit", "-replace", f"{SDK}=./sdk")


def _launchers(scratch: Path, target: Path) -> None:
    """The scripts that Pulumi's own Go module carries."""
    for launcher in LAUNCHERS:
        source = scratch / "sdk" / "python" / launcher
        shutil.copyfile(source, target / source.name)
        (target / source.name).chmod(0o755)


def _assemble(target: Path) -> None:
    """The compiled program and Pulumi's scripts, our launchers, our language host and its guards, in one folder."""
    for source in binary_cache().iterdir():
        os.link(source, target / source.name)
    for source in HOST.glob("pulumi*"):
        if source.is_dir():
            shutil.copytree(source, target / source.name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, target / source.name)
    for launcher in HOST.glob("pulumi-*"):
        (target / launcher.name).chmod(0o755)
