"""Bindings as files in the layout of https://servicebinding.io, readable by their owner alone.

The folder may have come with a checkout: no link is followed, and no file that is there already is written into.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from stackgen import checkout
from stackgen.errors import ExitCode, Problem, StackgenError

_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW
_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW


def write_bindings(folder: Path, groups: Mapping[str, Mapping[str, str]]) -> None:
    """Write `<folder>/<group>/<key>`, each file as a whole; raises StackgenError(not-a-folder, outside-checkout)."""
    checkout.require_inside(folder, done="written to")
    folder.parent.mkdir(parents=True, exist_ok=True)
    with _open_folder(str(folder), None, folder) as root:
        for group, values in groups.items():
            with _open_folder(group, root, folder / group) as place:
                for key, value in values.items():
                    _replace(key, value, place)


@contextmanager
def _open_folder(name: str, above: int | None, shown: Path) -> Iterator[int]:
    """A folder of ours alone, made if need be."""
    try:
        os.mkdir(name, 0o700, dir_fd=above)
    except FileExistsError:
        pass
    try:
        descriptor = os.open(name, _FOLDER, dir_fd=above)
    except OSError as error:
        raise _error(shown, "is a link or no folder") from error
    try:
        if os.fstat(descriptor).st_uid != os.geteuid():
            raise _error(shown, "belongs to another user")
        os.fchmod(descriptor, 0o700)
        yield descriptor
    finally:
        os.close(descriptor)


def _replace(name: str, value: str, place: int) -> None:
    """A new file in the place of whatever has that name."""
    scratch = f".{name}.{secrets.token_hex(8)}"
    descriptor = os.open(scratch, _NEW, 0o600, dir_fd=place)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
            os.fchmod(stream.fileno(), 0o600)
            stream.write(value)
        os.replace(scratch, name, src_dir_fd=place, dst_dir_fd=place)
    except BaseException:
        os.unlink(scratch, dir_fd=place)
        raise


def _error(path: Path, what: str) -> StackgenError:
    message = f"{path} {what}; no secret is written there"
    hint = "remove it, or choose another folder with --to"
    return StackgenError(Problem("not-a-folder", message, hint=hint), ExitCode.GENERIC)
