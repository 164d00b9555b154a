"""Private shelves: folders named in stackgen.toml or pyproject.toml, or offered by an installed package."""

from __future__ import annotations

from importlib import metadata, util
from pathlib import Path
from typing import Any, cast

from stackgen import checkout
from stackgen.catalog.trust import is_trusted
from stackgen.errors import ExitCode, Position, Problem, StackgenError

GROUP = "stackgen.catalogs"
LONGEST = 1_000_000  # characters of a configuration
MOST_DOTS = 1000  # in a line: the parser's time grows with the square of a name's parts


def private_roots(start: Path) -> tuple[Path, ...]:
    """Catalog folders beside the built-in one, for a spec that stands in `start` or below it.

    `catalogs = ["…"]` at the top of the nearest `stackgen.toml`, or under `[tool.stackgen]` of the nearest
    `pyproject.toml`, relative to that file; then packages with an entry point in `stackgen.catalogs`.
    Raises StackgenError: `catalog-not-found` for a folder that is not there, `catalog-not-trusted` for one
    that this user has not said may run, `catalog-changed` for one that differs from what was pinned,
    `invalid-configuration`.
    """
    return (*read_configured_roots(start), *_installed())


def read_configured_roots(start: Path) -> tuple[Path, ...]:
    """Return those that a configuration file names; raises the same."""
    return tuple(_usable(file, catalog) for file, catalog in _named(start))


def list_roots(start: Path) -> tuple[Path, ...]:
    """The same, whether or not they are there and may run. Raises StackgenError(invalid-configuration)."""
    return tuple(catalog for _, catalog in _named(start))


def _named(start: Path) -> list[tuple[Path, Path]]:
    """File and catalog that it names, of the nearest file that names any."""
    for folder in (start.absolute(), *start.absolute().parents):
        for name, table in (("stackgen.toml", ()), ("pyproject.toml", ("tool", "stackgen"))):
            file = folder / name
            if file.is_file() and (catalogs := _catalogs(file, table)) is not None:
                return [(file, folder / catalog) for catalog in catalogs]
    return []


def _catalogs(file: Path, table: tuple[str, ...]) -> list[str] | None:
    import tomllib

    try:
        text = checkout.read_text(file)
        if len(text) > LONGEST or any(line.count(".") > MOST_DOTS for line in text.splitlines()):
            raise _invalid(file, "is longer than any configuration, or has a line with thousands of dots")
        content: Any = tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        raise _invalid(file, f"is not valid TOML: {error}") from error
    except OSError as error:
        raise _invalid(file, f"can't be read: {error.strerror or error}") from error
    for key in table:
        content = content.get(key, {}) if isinstance(content, dict) else {}
    found: Any = content.get("catalogs") if isinstance(content, dict) else None
    if found is None:
        return None
    if not isinstance(found, list) or not all(_a_path(item) for item in cast("list[Any]", found)):
        raise _invalid(file, 'has `catalogs` that is no list of folders, such as ["shelf"]')
    return cast("list[str]", found)


def _a_path(value: object) -> bool:
    return isinstance(value, str) and bool(value) and "\0" not in value


def _invalid(file: Path, what: str) -> StackgenError:
    return StackgenError(Problem("invalid-configuration", f"{file} {what}", Position(str(file), 1, 1)))


def _usable(file: Path, catalog: Path) -> Path:
    if not catalog.is_dir():
        message = f"{file.name} names the catalog {catalog}, and there is no such folder"
        raise StackgenError(Problem("catalog-not-found", message, Position(str(file), 1, 1)))
    return require_usable(catalog, file)


def require_usable(catalog: Path, file: Path | None = None) -> Path:
    """The catalog, if this user lets it run. file: what names it; None for the user.

    Raises StackgenError(catalog-not-trusted, catalog-changed).
    """
    from stackgen.catalog.pins import differences

    named = f"{file.name} names the catalog {catalog}" if file is not None else f"{catalog} is a catalog"
    place = Position(str(file), 1, 1) if file is not None else None
    differing = differences(catalog)
    if differing:
        raise _changed(named, place, catalog, differing)
    if differing is None and not is_trusted(catalog):
        message = f"{named}; its code would run here, and you have not said it may"
        hint = (
            "read it first: trust is for that folder, and for whatever comes to stand in it later; "
            "with --pin, for its files as they are now"
        )
        problem = Problem(
            "catalog-not-trusted",
            message,
            place,
            hint,
            next=f"stackgen catalog trust {_quoted(catalog)}",
        )
        raise StackgenError(problem, ExitCode.AUTHENTICATION)
    return catalog


def _changed(named: str, place: Position | None, catalog: Path, differing: str) -> StackgenError:
    message = f"{named}, which is not as it was pinned: {differing}"
    problem = Problem(
        "catalog-changed",
        message,
        place,
        "read what has changed; nothing of the folder runs until it is pinned anew",
        next=f"stackgen catalog trust --pin {_quoted(catalog)}",
    )
    return StackgenError(problem, ExitCode.AUTHENTICATION)


def _quoted(path: Path) -> str:
    import shlex

    return shlex.quote(str(path.resolve()))


def _installed() -> tuple[Path, ...]:
    roots: list[Path] = []
    for entry in metadata.entry_points(group=GROUP):
        spec = util.find_spec(entry.value)
        roots += [Path(place) for place in (spec.submodule_search_locations or ())] if spec else []
    return tuple(roots)
