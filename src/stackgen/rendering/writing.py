"""Puts a program on disk: all or nothing, and never over what a person changed."""

from __future__ import annotations

import difflib
import hashlib
import os
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from stackgen.errors import ExitCode, Problem, StackgenError
from stackgen.rendering.lock import LOCK, recorded
from stackgen.rendering.program import Program
from stackgen.rendering.swap import swap


@dataclass(frozen=True)
class Changes:
    """What writing a program would do. edited: files changed by hand since the last write."""

    created: tuple[str, ...]
    updated: tuple[str, ...]
    deleted: tuple[str, ...]
    edited: tuple[str, ...]

    def __bool__(self) -> bool:
        return bool(self.created or self.updated or self.deleted)


def compare(program: Program) -> Changes:
    """The program against its folder. Nothing is written."""
    known, present = recorded(program.folder), _present(program)
    created = [path for path in program.files if path not in present]
    updated = [path for path, data in program.files.items() if present.get(path, data) != data]
    stale = [path for path in known if path not in program.files and (program.folder / path).is_file()]
    edited = [
        path
        for path in (*updated, *stale)
        if path != LOCK and _digest((program.folder / path).read_bytes()) != known.get(path)
    ]
    created += [path for path in program.once if not (program.folder / path).exists()]
    return Changes(tuple(sorted(created)), tuple(updated), tuple(stale), tuple(edited))


def diff(program: Program) -> Iterator[str]:
    """Unified diff from what is on disk to what would be written, line by line."""
    changes = compare(program)
    for path in sorted((*changes.created, *changes.updated, *changes.deleted)):
        old = _text(program.folder / path)
        data = program.files.get(path, program.once.get(path, b""))
        new = data.decode(errors="replace").splitlines(keepends=True)
        yield from difflib.unified_diff(old, new, f"a/{path}", f"b/{path}")


def write(program: Program, *, force: bool = False) -> Changes:
    """Replace the folder as a whole. Files stackgen did not write are kept.

    Raises StackgenError(hand-edited) if a file changed by hand would be lost and `force` is not given, and
    StackgenError(cannot-write) with the folder as it was if the file system refuses.
    """
    changes = compare(program)
    if changes.edited and not force:
        raise StackgenError(_hand_edited(program, changes), ExitCode.UNEXPECTED_CHANGES)
    if changes:
        try:
            _replace(program, changes)
        except OSError as error:
            place = error.filename or program.folder
            message = f"{place} can't be written: {error.strerror or error}; the program is as it was"
            raise StackgenError(Problem("cannot-write", message), ExitCode.GENERIC) from error
    return changes


def _replace(program: Program, changes: Changes) -> None:
    program.folder.parent.mkdir(parents=True, exist_ok=True)
    staging = Path(tempfile.mkdtemp(prefix=f".{program.folder.name}.", dir=program.folder.parent))
    try:
        for path in (*changes.created, *changes.updated):
            data = program.files[path] if path in program.files else program.once[path]
            target = staging / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(data)
        staging.chmod(0o755)
        _carry_over(program, changes, staging)
        swap(staging, program.folder)
    finally:
        shutil.rmtree(staging, ignore_errors=True)


def _carry_over(program: Program, changes: Changes, staging: Path) -> None:
    """Hard links to what is as it was: what is the user's, files that nobody changed, the virtual environment."""
    gone = {*changes.deleted, *changes.created, *changes.updated}
    for root, folders, names in os.walk(program.folder):
        folders[:] = [name for name in folders if name != "__pycache__"]
        for name in names:
            source = Path(root, name)
            relative = source.relative_to(program.folder)
            if relative.as_posix() in gone:
                continue
            target = staging / relative
            target.parent.mkdir(parents=True, exist_ok=True)
            target.unlink(missing_ok=True)
            os.link(source, target, follow_symlinks=False)
        for name in list(folders):
            source = Path(root, name)
            if source.is_symlink():
                (staging / source.relative_to(program.folder)).symlink_to(source.readlink())
                folders.remove(name)


def _hand_edited(program: Program, changes: Changes) -> list[Problem]:
    return [
        Problem(
            "hand-edited",
            f"{program.folder / path} was changed by hand and would be overwritten",
            hint="move the change into extensions.py, or overwrite it with --force",
            next="stackgen diff",
        )
        for path in changes.edited
    ]


def _present(program: Program) -> dict[str, bytes]:
    found: dict[str, bytes] = {}
    for path in program.files:
        try:
            found[path] = (program.folder / path).read_bytes()
        except (FileNotFoundError, NotADirectoryError):
            continue
    return found


def _text(path: Path) -> list[str]:
    try:
        return path.read_text(encoding="utf-8", errors="replace").splitlines(keepends=True)
    except OSError:
        return []


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
