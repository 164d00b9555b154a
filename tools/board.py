"""Measures everything that runs on this machine, and writes the board: the sample stack, then each second box alone.

Records are signed with the key of the caller's configuration folder; the first signer of a board is its trusted one.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from stackgen.catalog.shelf import Entry, Shelf

ROOT = Path(__file__).parents[1]
BOARD = ROOT / "board"


def main() -> None:
    """Exit code 1 where something could not be measured, or is not as declared."""
    failed: list[str] = []
    with tempfile.TemporaryDirectory(prefix="stackgen-board-") as name:
        folder = Path(name)
        folder.chmod(0o755)  # servers run as another account
        shutil.copytree(ROOT / "blueprints" / "rag-assistant", folder / "sample")
        for entry in _second_boxes():
            (folder / entry.id.replace("/", "-")).mkdir()
            place = folder / entry.id.replace("/", "-") / f"{entry.capability}.yaml"
            shutil.copy(entry.folder / "example.yaml", place)
        specs = [folder / "sample" / "stack.yaml", *sorted(folder.glob("local-*/*.yaml"))]
        failed = [str(spec.relative_to(folder)) for spec in specs if not _measured(spec, folder / "data")]
    _stackgen("board", "--records", str(BOARD), "--write", str(BOARD))
    if failed:
        sys.exit(f"not as declared, or not up: {', '.join(failed)}")


def _second_boxes() -> list[Entry]:
    entries = [entry for found in Shelf().implementations.values() for entry in found.values()]
    return [
        e
        for e in entries
        if e.provider == "local" and not e.implementation.default and e.capability != "foundation"
    ]


def _measured(spec: Path, data: Path) -> bool:
    """Bring a stack up, record every clause of it, take it down."""
    print(f"{spec.parent.name}/{spec.name}", flush=True)
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
