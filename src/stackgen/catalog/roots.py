"""Private shelves: folders named in stackgen.toml or pyproject.toml, or offered by an installed package."""

from __future__ import annotations

from importlib import metadata, util
from pathlib import Path
from typing import Any

from stackgen.errors import Position, Problem, StackgenError

GROUP = "stackgen.catalogs"


def private_roots(start: Path) -> tuple[Path, ...]:
    """Catalog folders beside the built-in one, for a spec that stands in `start` or below it.

    `catalogs = ["…"]` at the top of the nearest `stackgen.toml`, or under `[tool.stackgen]` of the nearest
    `pyproject.toml`, relative to that file; then packages with an entry point in `stackgen.catalogs`.
    Raises StackgenError(catalog-not-found) for a folder that is not there.
    """
    return (*_configured(start), *_installed())


def _configured(start: Path) -> tuple[Path, ...]:
    for folder in (start.absolute(), *start.absolute().parents):
        for name, table in (("stackgen.toml", ()), ("pyproject.toml", ("tool", "stackgen"))):
            file = folder / name
            if file.is_file() and (catalogs := _catalogs(file, table)) is not None:
                return tuple(_existing(file, folder / catalog) for catalog in catalogs)
    return ()


def _catalogs(file: Path, table: tuple[str, ...]) -> list[str] | None:
    import tomllib

    try:
        content: Any = tomllib.loads(file.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise StackgenError(Problem("invalid-configuration", f"{file} is not valid TOML: {error}")) from error
    for key in table:
        content = content.get(key, {})
    return content.get("catalogs")


def _existing(file: Path, catalog: Path) -> Path:
    if not catalog.is_dir():
        message = f"{file.name} names the catalog {catalog}, and there is no such folder"
        raise StackgenError(Problem("catalog-not-found", message, Position(str(file), 1, 1)))
    return catalog


def _installed() -> tuple[Path, ...]:
    roots: list[Path] = []
    for entry in metadata.entry_points(group=GROUP):
        spec = util.find_spec(entry.value)
        roots += [Path(place) for place in (spec.submodule_search_locations or ())] if spec else []
    return tuple(roots)
