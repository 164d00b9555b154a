"""Measures everything that runs on this machine, and writes the board: the sample stack, then with each other box.

Records are signed with the key of the caller's configuration folder; the first signer of a board is its trusted one.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import yaml

from stackgen.catalog.shelf import Shelf

ROOT = Path(__file__).parents[1]
SAMPLE = ROOT / "blueprints" / "rag-assistant"
BOARD = ROOT / "board"


def main() -> None:
    """Exit code 1 where something could not be measured, or is not as declared."""
    failed: list[str] = []
    with tempfile.TemporaryDirectory(prefix="stackgen-board-") as name:
        folder = Path(name)
        folder.chmod(0o755)  # servers run as another account
        for others in ({}, *_others()):
            spec = _written(folder / f"sample-{len(list(folder.glob('sample-*')))}", others)
            if not _measured(spec, folder / "data"):
                failed.append(", ".join(others.values()) or "the defaults")
    _stackgen("board", "--records", str(BOARD), "--write", str(BOARD))
    if failed:
        sys.exit(f"not as declared, or not up: {', '.join(failed)}")


def _others() -> list[dict[str, str]]:
    """Component of the sample → another implementation that runs here, until each has been chosen once.

    What passes on others' answers is measured in full only before those that keep everything, so once more alone.
    """
    components = yaml.safe_load((SAMPLE / "stack.yaml").read_text())["components"]
    shelf, rows, alone = Shelf(), list[dict[str, str]](), list[dict[str, str]]()
    for name, component in components.items():
        entries = shelf.implementations[component["capability"]].values()
        seconds = (e.id for e in entries if e.provider == "local" and not e.implementation.default)
        for number, entry in enumerate(seconds):
            rows += [{}] if number == len(rows) else []
            rows[number][name] = entry
        if shelf.capability(component["capability"]).answers_by is not None:
            alone += [{name: row[name]} for row in rows if name in row]
    return [*rows, *alone]


def _written(folder: Path, others: dict[str, str]) -> Path:
    """The sample's spec, with other boxes."""
    shutil.copytree(SAMPLE, folder)
    spec: Any = yaml.safe_load((folder / "stack.yaml").read_text())
    changed = spec["environments"]["dev"]["components"]
    for name, entry in others.items():
        changed[name] = {**changed.get(name, {}), "implementation": entry, "box": 2}
    (folder / "stack.yaml").write_text(yaml.safe_dump(spec, sort_keys=False))
    return folder / "stack.yaml"


def _measured(spec: Path, data: Path) -> bool:
    """Bring a stack up, record every clause of it, take it down."""
    print(f"measuring {spec.parent.name}", flush=True)
    os.environ["STACKGEN_DATA_HOME"] = str(data)
    where = (str(spec), "-e", "dev")
    good = _stackgen("up", *where, "--yes", "-q") and _stackgen(
        "verify", *where, "-q", "--record", str(BOARD)
    )
    return _stackgen("down", *where, "--delete-data", "--yes", "-q") and good


def _stackgen(*arguments: str) -> bool:
    command = [sys.executable, "-m", "stackgen.cli.main", *arguments]
    return subprocess.run(command, stdout=subprocess.DEVNULL, check=False).returncode == 0


if __name__ == "__main__":
    main()
