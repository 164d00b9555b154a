"""Catalog folders that this user lets run: a checkout can name a catalog, but not trust it."""

from __future__ import annotations

import os
from pathlib import Path

from stackgen.homes import config_home

VARIABLE = "STACKGEN_TRUSTED_CATALOGS"


def is_trusted(catalog: Path) -> bool:
    """Say whether the user trusts the folder, or one above it."""
    place = catalog.resolve()
    return any(place.is_relative_to(folder) for folder in (*_from_environment(), *_recorded()))


def trust(catalog: Path) -> bool:
    """Remember that the user trusts a folder and what is below it; False if that was known. Raises OSError."""
    place = catalog.resolve()
    if place in _recorded():
        return False
    _record([*_recorded(), place])
    return True


def distrust(catalog: Path) -> bool:
    """Forget it again; False if it was not known. Raises OSError."""
    place, known = catalog.resolve(), _recorded()
    if place not in known:
        return False
    _record([folder for folder in known if folder != place])
    return True


def file() -> Path:
    """Return the file of trusted folders, in the user's configuration folder."""
    return config_home() / "trusted-catalogs"


def _from_environment() -> list[Path]:
    given = os.environ.get(VARIABLE, "").split(os.pathsep)
    return [Path(folder).resolve() for folder in given if Path(folder).is_absolute()]


def _recorded() -> list[Path]:
    try:
        lines = os.fsdecode(file().read_bytes()).split("\0")
    except OSError:
        return []
    return [Path(line) for line in lines if Path(line).is_absolute()]


def _record(folders: list[Path]) -> None:
    """One path after the other, each ended by NUL: a path may hold anything else."""
    place = file()
    place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    new = place.with_name(f".{place.name}.{os.getpid()}")
    new.write_bytes(b"".join(os.fsencode(folder) + b"\0" for folder in folders))
    new.chmod(0o600)
    new.replace(place)
