"""stackgen catalog check: is a catalog of one's own right?"""

from __future__ import annotations

from pathlib import Path

from stackgen.catalog.shelf import BUILT_IN, Shelf
from stackgen.cli.console import Answer
from stackgen.errors import MAX_PROBLEMS, ExitCode, Problem, StackgenError, more_problems


def check_catalogs(folder: str | None) -> Answer:
    """Check one catalog, or all that the configuration names. Raises StackgenError with all problems."""
    from stackgen.authoring.checking import check_catalog

    shelf, roots = _of_folder(Path(folder)) if folder else _configured()
    checked = [check_catalog(shelf, root) for root in roots]
    problems = [problem for catalog in checked for problem in catalog.problems]
    if problems:
        more = [more_problems(len(problems) - MAX_PROBLEMS)] if len(problems) > MAX_PROBLEMS else []
        raise StackgenError([*problems[:MAX_PROBLEMS], *more])
    data = [
        {
            "catalog": str(catalog.root),
            "implementations": [f"{entry.capability}/{entry.id}" for entry in catalog.entries],
            "unread": catalog.unreadable,
        }
        for catalog in checked
    ]
    lines = [
        f"{catalog.root.name} is right: {len(catalog.entries)} "
        f"implementation{'' if len(catalog.entries) == 1 else 's'}"
        for catalog in checked
    ]
    warnings = [
        f"{name}: a function makes the binding of {' and '.join(contracts)}, so its keys were not checked"
        for catalog in checked
        for name, contracts in catalog.unreadable.items()
    ]
    return Answer(data, "\n".join(lines), warnings=warnings, next="stackgen catalog list")


def _configured() -> tuple[Shelf, tuple[Path, ...]]:
    from stackgen.catalog.roots import private_roots, read_configured_roots

    roots = read_configured_roots(Path.cwd())
    if not roots:
        message = "no stackgen.toml or pyproject.toml from here upwards names a catalog"
        hint = 'write catalogs = ["shelf"] into stackgen.toml, or say which folder'
        problem = Problem("catalog-not-found", message, hint=hint, next="stackgen catalog check DIR")
        raise StackgenError(problem, ExitCode.NOT_FOUND)
    return Shelf(private_roots(Path.cwd()), lenient=True), roots


def _of_folder(folder: Path) -> tuple[Shelf, tuple[Path, ...]]:
    from stackgen.catalog.roots import private_roots, require_usable

    if not folder.is_dir():
        problem = Problem(
            "catalog-not-found", f"there is no folder {folder}", next="stackgen catalog check DIR"
        )
        raise StackgenError(problem, ExitCode.NOT_FOUND)
    if (folder / "implementation.py").is_file():
        message = f"{folder} is one implementation's folder; a catalog is checked as a whole"
        above = folder.absolute().parent.parent
        raise StackgenError(Problem("usage", message, next=f"stackgen catalog check {above}"))
    if folder.resolve() == BUILT_IN.resolve():
        return Shelf(), (BUILT_IN,)
    root = require_usable(folder.absolute())
    others = [other for other in private_roots(root) if other.resolve() != root.resolve()]
    return Shelf((*others, root), lenient=True), (root,)
