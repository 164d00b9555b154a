"""A program beside the one on disk, for a look at what it would do before anything is written in its place."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from stackgen import checkout
from stackgen.program.build import Program


@contextmanager
def stage(program: Program) -> Iterator[Path]:
    """A folder with the program's files and what the user has beside them, while the context lasts.

    It stands beside the program's own folder, so that relative paths lead where they would; where nothing can be
    written there, among the temporary files.
    """
    folder = _folder(program.folder)
    try:
        for path, data in {**program.once, **program.files}.items():
            target = folder / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(data)
        _borrow(program, folder)
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _folder(beside: Path) -> Path:
    try:
        return Path(tempfile.mkdtemp(prefix=f".{beside.name}-preview-", dir=beside.parent))
    except OSError:
        return Path(tempfile.mkdtemp(prefix="stackgen-preview-"))


def _borrow(program: Program, folder: Path) -> None:
    """What is the user's: settings and extensions as copies, since they may be written; links to everything else."""
    if not program.folder.is_dir():
        return
    made = {path.partition("/")[0] for path in program.files}
    for item in program.folder.iterdir():
        if item.name in program.once or (item.name.startswith("Pulumi.") and item.name not in made):
            (folder / item.name).write_bytes(checkout.read_file(item))
        elif item.name not in made and item.name != "venv":  # a plain `pulumi` has that one
            (folder / item.name).symlink_to(item)
