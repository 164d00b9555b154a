"""Shared fixtures; `--update-golden` rewrites expected files so that a reviewer can read the diff."""

from __future__ import annotations

import contextlib
import gc
import io
import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest

sys.dont_write_bytecode = False  # what pytest makes of a test file is made once, whatever the shell says
ROOT = Path(__file__).parents[1]
SHARED = {
    "clouds": "clouds",
    "provider_truth": "clouds",
    "kubernetes": "kubernetes",
    "local": "local",
}
APART = {
    "tests/local/test_swap.py": "swaps",
    "tests/local/test_database_roles.py": "swaps",
    "tests/local/test_back_doors.py": "doors",
    "tests/clouds/test_engine.py": "engines",
}
"""Folder → what its tests are handed out as; a file by itself where nothing is said."""
LONGEST = ("local", "clouds", "kubernetes", "swaps", "engines", "doors")
"""What is handed out first, so that in the end no worker waits for another."""


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--update-golden", action="store_true", help="rewrite expected files")


def pytest_configure() -> None:
    """What tools keep beside the sources is there from the start: that folder must not change under a test."""
    for name in (".hypothesis", ".pytest_cache", ".ruff_cache"):
        (ROOT / name).mkdir(exist_ok=True)
    if (
        signal.getsignal(signal.SIGINT) is signal.SIG_IGN
    ):  # as a background job of a shell: no test could be Ctrl-C
        signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """With several workers, what shares servers, a cluster or recordings goes to one of them, in order."""
    from xdist.scheduler import LoadScopeScheduling

    class Together(LoadScopeScheduling):
        def _split_scope(self, nodeid: str) -> str:
            return _group(nodeid)

    config.option.loadscopereorder = False  # it would take a group of few tests for a short one
    return Together(config, log)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave `nightly` out unless `-m` names it; put the longest groups first, each in its own order."""
    _leave_out_nightly(config, items)
    slow = {_group(item.nodeid) for item in items if not item.get_closest_marker("unit")}

    def rank(item: pytest.Item) -> int:
        group = _group(item.nodeid)
        return LONGEST.index(group) if group in LONGEST else len(LONGEST) + (group not in slow)

    items.sort(key=rank)


def names_nightly(expression: str) -> bool:
    """Whether an expression of `-m` says anything of nightly tests."""
    return bool(re.search(r"\bnightly\b", expression))


def _leave_out_nightly(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Not by `-m` in addopts, which an `-m` of the command line replaces."""
    if names_nightly(config.option.markexpr):
        return
    left_out = [item for item in items if item.get_closest_marker("nightly")]
    config.hook.pytest_deselected(items=left_out)
    items[:] = [item for item in items if not item.get_closest_marker("nightly")]


def _group(nodeid: str) -> str:
    file = nodeid.partition("::")[0]
    return APART.get(file, SHARED.get(file.split("/")[1], file))


@pytest.fixture
def golden(request: pytest.FixtureRequest) -> Callable[[Path, str], None]:
    """Compares text with a file, or writes it with --update-golden."""

    def compare(path: Path, text: str) -> None:
        if request.config.getoption("--update-golden"):
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        assert text == path.read_text(encoding="utf-8")

    return compare


class Cli:
    """Runs the command as a user does, in a folder, with a data home of its own."""

    def __init__(self, folder: Path, data: Path) -> None:
        self.folder = folder
        self.environment = {
            **os.environ,
            "STACKGEN_DATA_HOME": str(data),
            "STACKGEN_CONFIG_HOME": str(data.with_name("config")),
            "NO_COLOR": "1",
            "COLUMNS": "120",
        }

    def start(self, *arguments: str, group: bool = False) -> subprocess.Popen[str]:
        """Begin a command. group: as the leader of a process group of its own, as a shell starts it."""
        command = [sys.executable, "-m", "stackgen.cli.main", *arguments]
        return subprocess.Popen(
            command,
            cwd=self.folder,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            process_group=0 if group else None,
        )

    def __call__(self, *arguments: str, code: int | None = 0) -> subprocess.CompletedProcess[str]:
        """Run to the end; `code` is the expected exit code (None: any)."""
        process = self.start(*arguments)
        out, err = process.communicate(timeout=900)
        done = subprocess.CompletedProcess(arguments, process.returncode, out, err)
        assert "Traceback (most recent call last)" not in err, err
        if code is not None:
            assert done.returncode == code, f"exit {done.returncode}\n{out}\n{err}"
        return done


class InProcess(Cli):
    """Runs the command in this process: its start-up is most of what a command takes that starts no engine."""

    def __call__(self, *arguments: str, code: int | None = 0) -> subprocess.CompletedProcess[str]:
        from stackgen.cli.main import main

        out, err = io.StringIO(), io.StringIO()
        with (
            patch.dict(os.environ, self.environment, clear=True),
            contextlib.chdir(self.folder),
            contextlib.redirect_stdout(out),
            contextlib.redirect_stderr(err),
            _as_before(),
        ):
            try:
                returned = int(main(arguments))
            except SystemExit as ended:  # argparse's way
                returned = int(ended.code or 0)
        done = subprocess.CompletedProcess(arguments, returned, out.getvalue(), err.getvalue())
        assert code is None or returned == code, f"exit {returned}\n{done.stdout}\n{done.stderr}"
        return done


@contextlib.contextmanager
def _as_before() -> Iterator[None]:
    """Put back what the command sets for a process of its own."""
    mask, threshold = os.umask(0o022), gc.get_threshold()
    os.umask(mask)
    try:
        yield
    finally:
        os.umask(mask)
        gc.set_threshold(*threshold)


@pytest.fixture
def cli(tmp_path: Path, request: pytest.FixtureRequest) -> Cli:
    """The command line in an empty folder; for a unit test in its own process."""
    kind = InProcess if request.node.get_closest_marker("unit") else Cli
    return kind(tmp_path, tmp_path / "data")


@pytest.fixture(scope="session")
def open_folder() -> Iterator[Path]:
    """A folder that an unprivileged account may pass through, unlike pytest's own."""
    import tempfile

    folder = Path(tempfile.mkdtemp(prefix="stackgen-test-"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder, ignore_errors=True)
