"""How the engine is built on a machine that has none of its modules yet."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from stackgen.engine import build
from stackgen.progress import silent

pytestmark = pytest.mark.engine


def test_the_sdk_is_fetched_where_no_module_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    compiler = build.find_go(silent)
    asked = subprocess.run(
        [str(compiler), "env", "GOMODCACHE", "GOPROXY"], capture_output=True, text=True, check=True
    )
    here, proxy = asked.stdout.splitlines()
    monkeypatch.setenv("GOMODCACHE", str(tmp_path / "none"))
    monkeypatch.setenv(
        "GOPROXY", f"file://{here}/cache/download,{proxy}"
    )  # what this machine has is not fetched
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    for path in build.MODULE:
        shutil.copy(path, scratch / path.name)
    build._guard(compiler, scratch)  # pyright: ignore[reportPrivateUsage]
    package, _, after = build.LISTENS
    assert after in (scratch / "sdk" / package / "serve.go").read_text(encoding="utf-8")
