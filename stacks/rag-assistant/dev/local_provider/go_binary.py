"""Servers that are published as Go source: built once from the module proxy, cached."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
import tempfile
from pathlib import Path

import pulumi
from pulumi.dynamic import CreateResult, ReadResult, Resource, UpdateResult

from local_provider.account import shared_folder
from local_provider.commands import install
from local_provider.failure import LocalFailure, told_plainly
from local_provider.files import locked
from local_provider.homes import cache_home
from local_provider.python_environment import environment
from local_provider.resource import LocalProvider, Properties, vanished

NEEDED = (1, 25)
COMPILERS = ("g++", "clang++")
TOOLCHAIN = (Path(__file__).parent / "locks" / "go-toolchain.txt").read_text(encoding="utf-8")


class GoBinaryProvider(LocalProvider):
    """One build at a time: a compiler takes all cores by itself."""

    def create(self, props: Properties) -> CreateResult:
        tags, cgo = str(props.get("tags") or ""), bool(props.get("cgo"))
        path = binary(str(props["version"]), str(props["package"]), tags, cgo=cgo)
        return CreateResult(path.parent.name, {**props, "path": str(path)})

    def update(self, _id: str, _olds: Properties, news: Properties) -> UpdateResult:
        return UpdateResult(self.create(news).outs)

    def read(self, id_: str, props: Properties) -> ReadResult:
        return ReadResult(id_, dict(props)) if Path(props["path"]).exists() else vanished()


class GoBinary(Resource, module="local", name="GoBinary"):
    """The executable of `package` (import path) of its module at `version`, in `path`.

    tags: build tags, separated by commas. cgo: whether it has parts in C or C++, which need a compiler.
    """

    path: pulumi.Output[str]

    def __init__(
        self,
        name: str,
        *,
        version: str,
        package: str,
        tags: str = "",
        cgo: bool = False,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        properties = {"version": version, "package": package, "tags": tags, "cgo": cgo, "path": None}
        super().__init__(GoBinaryProvider(), name, properties, opts)


def binary(version: str, package: str, tags: str = "", *, cgo: bool = False) -> Path:
    """The built executable; raises LocalFailure with the compiler's last words."""
    options = f"\n{tags}\n{cgo}" if tags or cgo else ""
    key = hashlib.sha256(f"{version}\n{package}{options}".encode()).hexdigest()[:16]
    path = cache_home() / "go" / key / package.rsplit("/", 1)[-1]
    with told_plainly(f"building {package}"):
        shared_folder(path.parent)
        with locked(cache_home() / "go" / "build.lock"):
            if not path.exists():
                _build(path, version, package, tags, cgo=cgo)
    return path


def _build(path: Path, version: str, package: str, tags: str, *, cgo: bool) -> None:
    compiler, doing = _compiler(), f"building {package} {version}"
    if cgo and not any(map(shutil.which, COMPILERS)):
        raise LocalFailure(f"{doing}: no C++ compiler: install {' or '.join(COMPILERS)}")
    settings = {"GOTOOLCHAIN": "local", "CGO_ENABLED": str(int(cgo)), "GOFLAGS": "-mod=mod -buildvcs=false"}
    if "HOME" not in os.environ:
        settings |= {"GOPATH": str(cache_home() / "gopath"), "GOCACHE": str(cache_home() / "gobuild")}
    with tempfile.TemporaryDirectory() as scratch:
        Path(scratch, "go.mod").write_text("module stackgen.local/build\n\ngo 1.25.0\n")
        install(doing, [compiler, "-C", scratch, "get", f"{package}@{version}"], **settings)
        made = Path(scratch, "made")
        flags = ["-trimpath", "-ldflags", "-s -w", "-tags", tags, "-o", str(made)]
        install(doing, [compiler, "-C", scratch, "build", *flags, package], **settings)
        made.chmod(0o755)
        beside = path.with_name(f".{path.name}.new")
        shutil.copy(made, beside)
        beside.replace(path)


def _compiler() -> str:
    found = shutil.which("go")
    if found and _version(found) >= NEEDED:
        return found
    executable = environment("the Go toolchain", TOOLCHAIN) / "bin" / "go"
    if not executable.exists():
        raise LocalFailure(f"no Go toolchain: install Go {'.'.join(map(str, NEEDED))} or newer")
    return str(executable)


def _version(executable: str) -> tuple[int, ...]:
    done = subprocess.run([executable, "version"], capture_output=True, text=True, check=False)
    match = re.search(r"go(\d+)\.(\d+)", done.stdout)
    return tuple(map(int, match.groups())) if match else (0,)
