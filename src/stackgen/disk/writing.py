"""Puts a program on disk: all or nothing, and never over what a person changed."""

from __future__ import annotations

import hashlib
import os
import re
import stat
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from stackgen.disk.folder_view import FolderView, Kind
from stackgen.disk.lock_file import files_in_lock
from stackgen.disk.replacing import lock_folder, replace
from stackgen.errors import ExitCode, Problem, StackgenError
from stackgen.homes import refuse_planted
from stackgen.program.build import Program
from stackgen.program.lock import LOCK

# What Pulumi and Python leave in a program's folder when the program itself is gone, as after a checkout.
_MODULES = (".py", ".pyc", ".so")
_LEFT = re.compile(r"venv|__pycache__|Pulumi\.[\w.-]+\.ya?ml")


@dataclass(frozen=True)
class Changes:
    """Changes that writing a program makes. edited: files changed by hand since the last write."""

    created: tuple[str, ...]
    updated: tuple[str, ...]
    deleted: tuple[str, ...]
    edited: tuple[str, ...]

    def __bool__(self) -> bool:
        return bool(self.created or self.updated or self.deleted)


def compare_folder(program: Program) -> Changes:
    """The program against its folder. Nothing is written. Raises StackgenError(cannot-read)."""
    known, there = files_in_lock(program.folder), FolderView(program.folder)
    try:
        present = {path: there.read(path) for path in program.files if there.kind(path) is not Kind.NOTHING}
        stale = {
            path: found
            for path in known
            if path not in program.files and path not in program.once
            if (found := there.read(path)) is not None
        }
    except OSError as error:
        raise _cannot("read", program, error) from error
    created = [path for path in program.files if path not in present]
    updated = [path for path, data in program.files.items() if present.get(path, data) != data]
    edited = [path for path in updated if path != LOCK and _edited(present[path], known.get(path))]
    edited += [path for path, data in stale.items() if _edited(data, known[path])]
    created += [path for path in program.once if there.kind(path) is Kind.NOTHING]
    return Changes(tuple(sorted(created)), tuple(updated), tuple(stale), tuple(edited))


def diff_folder(program: Program) -> Iterator[str]:
    """Unified diff from what is on disk to what would be written, line by line."""
    import difflib

    changes, there = compare_folder(program), FolderView(program.folder)
    for path in sorted((*changes.created, *changes.updated, *changes.deleted)):
        old, new = there.read(path) or b"", program.files.get(path, program.once.get(path, b""))
        before, after = (data.decode(errors="replace").splitlines(keepends=True) for data in (old, new))
        yield from difflib.unified_diff(before, after, f"a/{path}", f"b/{path}")


def list_added_modules(program: Program) -> Iterator[str]:
    """Modules in the folder that stackgen did not write so: they may run with the program, as they may be meant to.

    All of them but Python's own bytecode, which is not run, and `venv` beside the program, which is not used.
    """
    there = FolderView(program.folder)
    for root, folders, names in os.walk(program.folder):
        links = [name for name in folders if Path(root, name).is_symlink()]
        skipped = (*links, "venv") if Path(root) == program.folder else links
        folders[:] = sorted(name for name in folders if name not in skipped)
        for path in (
            Path(root, name).relative_to(program.folder).as_posix() for name in sorted((*names, *links))
        ):
            if path in program.once:
                known = _as_written(there, path, program.once[path])
            else:
                known = path in program.files or path == "venv"
            cached = path.endswith(".pyc") and Path(root).name == "__pycache__"
            if not (known or cached) and (path.endswith(_MODULES) or Path(path).name in links):
                yield path


def _as_written(there: FolderView, path: str, data: bytes) -> bool:
    """Whether a file is as stackgen wrote it, or gone: another run may replace the folder meanwhile."""
    try:
        return there.read(path) == data
    except FileNotFoundError:
        return True


def refuse_others_files(program: Program) -> None:
    """Raise PermissionError for a folder or a module of it that another user has put where others can.

    Who owns the spec's folder is no other user: root may work in a user's checkout.
    """
    nearest = next(place for place in (program.spec, *program.spec.parents) if place.exists())
    owner = nearest.stat().st_uid  # a stack built in Python may have no folder yet
    for place in (program.folder, *(program.folder / name for name in list_added_modules(program))):
        refuse_planted(str(place), (owner,))


def write_program(program: Program, *, force: bool = False) -> Changes:
    """Replace the folder as a whole, one run at a time. Files stackgen did not write are kept.

    Raises StackgenError: `hand-edited` if a file changed by hand would be lost, and `not-a-program` if the
    folder holds something else, unless `force` is given; `cannot-write` with the folder as it was if the file
    system refuses. Raises PermissionError where another user made the folder in a place where others can.
    """
    refuse_others_files(program)
    try:
        with lock_folder(program.folder):
            return _write(program, force)
    except OSError as error:
        raise _cannot("write", program, error) from error


def _write(program: Program, force: bool) -> Changes:
    _require_place(program, force)
    there = FolderView(program.folder)
    once = {path: data for path, data in program.once.items() if there.kind(path) is Kind.NOTHING}
    paths = {*program.files, *once, *files_in_lock(program.folder)}
    before = _stamps(program.folder, paths)
    changes = compare_folder(program)
    if changes.edited and not force:
        raise StackgenError(_hand_edited(program, changes), ExitCode.UNEXPECTED_CHANGES)
    differing = {*changes.created, *changes.updated}  # what is as it should be is carried over
    files = {path: data for path, data in {**once, **program.files}.items() if path in differing}
    gone = {*changes.deleted}
    if changes and not replace(program.folder, files, gone, lambda old: _stamps(old, paths) == before):
        message = f"{program.folder} was changed while it was being replaced; it is as it was"
        raise StackgenError(Problem("changed-meanwhile", message, hint="run it again"), ExitCode.GENERIC)
    return changes


def _require_place(program: Program, force: bool) -> None:
    """A new folder, an empty one, or a program's."""
    folder = program.folder
    try:
        mode = os.lstat(folder).st_mode
    except FileNotFoundError:
        return
    if not stat.S_ISDIR(mode):
        what = "a symbolic link" if stat.S_ISLNK(mode) else "no folder"
        message = f"{folder} is {what}; a program needs a folder of its own there"
        raise StackgenError(Problem("not-a-folder", message, hint="remove it, or choose another with -o"))
    ours = {path.partition("/")[0] for path in (*program.files, *program.once)}
    with os.scandir(folder) as entries:
        names = {entry.name for entry in entries}
    strangers = sorted(name for name in names if name not in ours and not _LEFT.fullmatch(name))
    if strangers and LOCK not in names and not force:
        message = (
            f"{folder} holds something else than a program ({', '.join(strangers[:3])}); it is left as it is"
        )
        hint = "choose another folder with -o, or another name for the environment; --force takes this one"
        raise StackgenError(Problem("not-a-program", message, hint=hint), ExitCode.UNEXPECTED_CHANGES)


def _stamps(folder: Path, paths: Iterable[str]) -> dict[str, tuple[int, int, int]]:
    """Identity, size and time of each file, which differ after a change."""
    found: dict[str, tuple[int, int, int]] = {}
    for path in paths:
        try:
            known = os.lstat(folder / path)
        except OSError:
            continue
        found[path] = (known.st_ino, known.st_size, known.st_mtime_ns)
    return found


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


def _cannot(verb: str, program: Program, error: OSError) -> StackgenError:
    place = error.filename or program.folder
    end = "; the program is as it was" if verb == "write" else ""
    message = f"{place} can't be {'written' if verb == 'write' else 'read'}: {error.strerror or error}{end}"
    return StackgenError(Problem(f"cannot-{verb}", message), ExitCode.GENERIC)


def _edited(data: bytes | None, digest: str | None) -> bool:
    """True if a file is another than the one recorded; None: it is no regular file any more."""
    return data is None or hashlib.sha256(data).hexdigest() != digest
