"""Runs checkov over files, in an environment of its own."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

CHECKOV = "checkov==3.3.30"


def checkov(folder: Path, framework: str, *, everything: bool = False) -> dict[str, Any]:
    """Its report on the files below `folder`: `summary`, and `results` with failed (or all) checks."""
    uv = Path(sys.executable).parent / "uv"
    run = [str(uv if uv.exists() else shutil.which("uv")), "run", "--isolated", "--no-project"]
    command = [*run, "--python", "3.11", "--with", CHECKOV, "checkov", "-d", str(folder)]
    command += ["--framework", framework, "--compact", "-o", "json"]
    command += [] if everything else ["--quiet"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=600)
    report = json.loads(done.stdout)
    report = report if isinstance(report, dict) else report[0]
    assert report["summary"]["parsing_errors"] == 0
    return report
