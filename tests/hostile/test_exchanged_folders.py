"""A folder of a checkout that another user exchanges with a link, while it is read, leads nowhere else."""

from __future__ import annotations

import ctypes
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from stackgen import checkout
from stackgen.providers.local.operations import PROGRAM

pytestmark = pytest.mark.unit
EXCHANGE = """
import ctypes
libc = ctypes.CDLL(None)
while True:
    libc.renameat2(-100, b"app/inner", -100, b"out", 2)  # RENAME_EXCHANGE
"""
SECONDS = 2.0


@pytest.fixture
def source(monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.syspath_prepend(str(PROGRAM))
    from local_provider import source  # pyright: ignore

    return source


@pytest.fixture
def top(tmp_path: Path) -> Path:
    """A checkout's folder, a folder elsewhere with a file of the same name, and a link to that one."""
    (tmp_path / "app" / "inner").mkdir(parents=True)
    (tmp_path / "app" / "inner" / "notes").write_text("of the checkout")
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "notes").write_text("of the operator")
    (tmp_path / "out").symlink_to(tmp_path / "elsewhere")
    return tmp_path


@pytest.fixture
def exchanged(top: Path) -> Iterator[None]:
    if not hasattr(ctypes.CDLL(None), "renameat2"):
        pytest.skip("only Linux exchanges two names in one step")
    with subprocess.Popen([sys.executable, "-c", EXCHANGE], cwd=top) as process:
        try:
            yield
        finally:
            process.kill()


def seen(read: Callable[[], str]) -> set[str]:
    """What is read while the folder is exchanged again and again."""
    found = set[str]()
    deadline = time.monotonic() + SECONDS
    while time.monotonic() < deadline:
        with suppress(Exception):  # it is refused
            found.add(read())
    return found


@pytest.mark.usefixtures("exchanged")
def test_the_copy_of_a_source_holds_nothing_from_elsewhere(source: Any, top: Path, tmp_path: Path) -> None:
    def copied() -> str:
        source.copy_source(top / "app", tmp_path / "copy", None)
        file = tmp_path / "copy" / "inner" / "notes"
        return file.read_text() if file.exists() else ""

    assert seen(copied) == {"of the checkout", ""}


@pytest.mark.usefixtures("exchanged")
def test_a_file_of_a_checkout_is_read_where_it_was_looked_for(top: Path) -> None:
    (top / "app" / ".git").mkdir()
    assert seen(lambda: checkout.read_text(top / "app" / "inner" / "notes", within=top / "app")) == {
        "of the checkout"
    }


@pytest.mark.usefixtures("exchanged")
def test_a_file_of_a_checkout_is_written_where_it_was_looked_for(top: Path) -> None:
    (top / "app" / ".git").mkdir()

    def written() -> str:
        checkout.write_file(top / "app" / "inner" / "record", "new", within=top / "app")
        return ""

    seen(written)
    assert sorted(path.name for path in (top / "elsewhere").iterdir()) == ["notes"]


def test_a_source_is_copied_with_the_files_that_its_links_mean(
    source: Any, top: Path, tmp_path: Path
) -> None:
    app = top / "app"
    (app / "link").symlink_to("inner/notes")
    (app / "inner" / "above").symlink_to("../link")
    for name, target in (
        ("nowhere", "nothing"),
        ("circle", "circle"),
        ("folder", "inner"),
        ("below", "link/x"),
    ):
        (app / name).symlink_to(target)
    os.mkfifo(app / "pipe")
    for name in (".venv", "shared"):
        (app / name).symlink_to(top / "elsewhere")  # links to folders were never copied
    for name in (".git/config", "inner/__pycache__/a", "code.pyc"):
        (app / name).parent.mkdir(exist_ok=True)
        (app / name).write_text("left out")
    before = source.source_digest(app)
    source.copy_source(app, tmp_path / "copy", None)
    files = {
        path.relative_to(tmp_path / "copy").as_posix(): path.read_text()
        for path in (tmp_path / "copy").rglob("*")
        if path.is_file()
    }
    assert files == dict.fromkeys(("inner/above", "inner/notes", "link"), "of the checkout")
    (app / "inner" / "notes").write_text("changed")
    assert source.source_digest(app) != before
    (app / "out").symlink_to("../elsewhere/notes")
    with pytest.raises(Exception, match="is a link that leads out of"):
        source.copy_source(app, tmp_path / "copy", None)
