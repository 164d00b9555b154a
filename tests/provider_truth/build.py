"""Builds the judges with the ordinary Go client: `python -m tests.provider_truth.build`.

About 20 minutes of two processors the first time; the results stay in the cache.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import stat
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.provider_truth.sources import SOURCES, Source, cache

SERVICE = re.compile(r'^\s*(?:_ )?"[^"]+/(?:internal/service|google/services)/(\w+)"$')
CALL = re.compile(r"^\s*(\w+)\.ServicePackage\(ctx\),$")


class CannotBuild(Exception):
    """A judge can't be built here; the message says why."""


def built(source: Source) -> Path | None:
    """The executable, if it is in the cache."""
    path = _folder(source) / source.binary
    return path if path.exists() else None


def build(source: Source) -> Path:
    """The executable, built if need be. Raises CannotBuild."""
    found = built(source)
    if found is not None:
        return found
    go = shutil.which("go")
    if go is None:
        raise CannotBuild("there is no Go toolchain on PATH")
    folder = _folder(source)
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=f".{source.name}-") as scratch:
        tree, out = Path(scratch, "source"), Path(scratch, "out")
        shutil.copytree(_download(go, source), tree)
        _make_writable(tree)
        trim(tree, source)
        command = [
            go,
            "build",
            "-trimpath",
            "-ldflags",
            "-s -w",
            "-o",
            str(out / source.binary),
            source.package,
        ]
        _run(command, tree)
        folder.mkdir(exist_ok=True)
        (out / source.binary).replace(folder / source.binary)
    return folder / source.binary


def _folder(source: Source) -> Path:
    """One folder per version and selection of services."""
    chosen = hashlib.sha256(" ".join(source.services).encode()).hexdigest()[:8]
    return cache() / f"{source.name}-{source.version}-{chosen}"


def _download(go: str, source: Source) -> Path:
    told = _run([go, "mod", "download", "-json", f"{source.module}@{source.version}"], Path.cwd())
    return Path(json.loads(told)["Dir"])


def _make_writable(tree: Path) -> None:
    """The module cache is read-only, and so is a copy of it."""
    for path in (tree, *tree.rglob("*")):
        path.chmod(path.stat().st_mode | stat.S_IWUSR)


def trim(tree: Path, source: Source) -> None:
    """Leave out the registration of services that no program uses; nothing else is changed."""
    if not source.registration:
        return
    file = tree / source.registration
    lines = file.read_text(encoding="utf-8").splitlines(keepends=True)
    kept = [line for line in lines if _service(line) in (None, *source.services)]
    missing = set(source.services) - {_service(line) for line in kept}
    if missing:
        raise CannotBuild(f"{source.module} has no services {', '.join(sorted(missing))}")
    file.write_text("".join(kept), encoding="utf-8")


def _service(line: str) -> str | None:
    found = SERVICE.match(line.rstrip()) or CALL.match(line.rstrip())
    return found[1] if found else None


def _run(command: list[str], folder: Path) -> str:
    environment = {**os.environ, "CGO_ENABLED": "0", "GOFLAGS": "-mod=mod"}
    done = subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, timeout=5400, check=False
    )
    if done.returncode != 0:
        raise CannotBuild(f"{' '.join(command[:3])} failed:\n{done.stderr[-2000:]}")
    return done.stdout


def main() -> int:
    for source in SOURCES:
        sys.stderr.write(f"{source.name} {source.release}: {build(source)}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
