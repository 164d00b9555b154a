"""Catalog folders that are trusted as they are: by the digest of each file, so that a changed one does not run."""

from __future__ import annotations

import hashlib
import json
import os
import stat
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

from stackgen.catalog.trust import VARIABLE, distrust
from stackgen.homes import config_home

MARK = "@sha256="  # after a path in the variable, which separates by colons: the digest of that folder
MOST = 3  # names of changed files that a message has


class CannotPin(Exception):
    """A folder that can't be trusted by digest; the message says why."""


def pin(catalog: Path) -> tuple[str, bool]:
    """Remember every file of the folder as it is now, in place of trust by path.

    The folder's digest, and whether anything changed by that. Raises CannotPin and OSError.
    """
    place, known = catalog.resolve(), _recorded()
    files = contents(place)
    distrust(place)
    before = known.get(str(place))
    _record({**known, str(place): files})
    return digest(files), before != files


def unpin(catalog: Path) -> bool:
    """Forget it again; False if it was not known. Raises OSError."""
    place, known = str(catalog.resolve()), _recorded()
    if place not in known:
        return False
    _record({folder: files for folder, files in known.items() if folder != place})
    return True


def differences(catalog: Path) -> str | None:
    """Say how a pinned folder differs from what was pinned: "" if it does not, None if it is not pinned.

    A pin holds for the folder and what is below it. While a pinned one is used, Python writes no bytecode beside it.
    """
    place = catalog.resolve()
    recorded = {Path(folder): files for folder, files in _recorded().items() if place.is_relative_to(folder)}
    given = {folder: wanted for folder, wanted in _from_environment() if place.is_relative_to(folder)}
    if not recorded and not given:
        return None
    sys.dont_write_bytecode = True
    try:
        words = [_compared(contents(folder), files) for folder, files in recorded.items()]
        found = {folder: digest(contents(folder)) for folder in given}
    except CannotPin as error:
        return str(error)
    words += [f"its digest is sha256:{found[folder]}" for folder in given if found[folder] != given[folder]]
    return "; ".join(filter(None, words))


def contents(folder: Path) -> dict[str, str]:
    """SHA-256 of each file below `folder` by its name, sorted; raises CannotPin for what is neither file nor folder."""
    return dict(sorted(_files(folder, folder)))


def digest(files: Mapping[str, str]) -> str:
    """SHA-256 of a folder with these files."""
    return hashlib.sha256(json.dumps(dict(sorted(files.items()))).encode()).hexdigest()


def file() -> Path:
    """Return the file of pins, in the user's configuration folder."""
    return config_home() / "pinned-catalogs"


def _files(root: Path, folder: Path) -> Iterator[tuple[str, str]]:
    try:
        for path in folder.iterdir():
            name, mode = path.relative_to(root).as_posix(), path.lstat().st_mode
            if stat.S_ISDIR(mode):
                yield from _files(root, path)
            elif stat.S_ISREG(mode):
                yield name, _digest(path)
            else:
                raise CannotPin(f"{name} is a link or no regular file, which no digest can vouch for")
    except OSError as error:
        raise CannotPin(f"{error.filename} can't be read: {error.strerror}") from error


def _digest(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _compared(found: Mapping[str, str], pinned: Mapping[str, str]) -> str:
    """Which files differ, in words; "" if none does."""
    kinds = {
        "changed": [name for name in pinned if name in found and found[name] != pinned[name]],
        "new": [name for name in found if name not in pinned],
        "missing": [name for name in pinned if name not in found],
    }
    return "; ".join(f"{kind}: {_listed(names)}" for kind, names in kinds.items() if names)


def _listed(names: list[str]) -> str:
    more = f" and {len(names) - MOST} more" if len(names) > MOST else ""
    return ", ".join(repr(name)[1:-1] for name in names[:MOST]) + more


def _from_environment() -> Iterator[tuple[Path, str]]:
    for entry in os.environ.get(VARIABLE, "").split(os.pathsep):
        folder, mark, wanted = entry.rpartition(MARK)
        if mark and Path(folder).is_absolute():
            yield Path(folder).resolve(), wanted


def _recorded() -> dict[str, dict[str, str]]:
    try:
        return json.loads(file().read_bytes())
    except FileNotFoundError:
        return {}


def _record(pins: Mapping[str, Mapping[str, str]]) -> None:
    place = file()
    place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    new = place.with_name(f".{place.name}.{os.getpid()}")
    new.write_text(json.dumps(pins, indent=1), encoding="utf-8")
    new.chmod(0o600)
    new.replace(place)
