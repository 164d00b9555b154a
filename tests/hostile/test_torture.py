"""A kill or a failure at any call leaves the old program or the new: some of the points; `make torture` has all."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
pytestmark = [
    pytest.mark.sweep,
    pytest.mark.skipif(
        not sys.platform.startswith("linux") or shutil.which("cc") is None,
        reason="needs Linux and a C compiler",
    ),
]


@pytest.mark.parametrize("step", [150, pytest.param(50, marks=pytest.mark.nightly)])
def test_every_point_leaves_the_old_program_or_the_new(step: int) -> None:
    command = [sys.executable, "-m", "tests.hostile.torture", "--step", str(step), "--rounds", "1"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    figures = json.loads(done.stdout.splitlines()[-1])
    assert figures["wrong"] == 0
    assert figures["killed: old"] and figures["killed: new"]
    assert figures["runs at once"] == 16
    assert not any("MIXED" in name for name in figures)
