"""Checks that a program has what component.py imports: names of its provider's modules and of the shared ones."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from stackgen.catalog.checks.component import ComponentSource
from stackgen.catalog.checks.source import read_source
from stackgen.catalog.shelf import SHARED
from stackgen.errors import Problem, did_you_mean

if TYPE_CHECKING:
    from stackgen.catalog.shelf import Shelf

PROGRAM = "program"


def outside(component: ComponentSource) -> Iterator[Problem]:
    """A program does not depend on stackgen, and the component stands in another folder there."""
    for node in ast.walk(component.source.tree):
        if isinstance(node, ast.ImportFrom) and node.level:
            message = "a program has this file elsewhere, so a relative import leads nowhere"
            hint = "put what it needs into the file itself, or below files/"
            yield Problem("wrong-import", message, component.source.at(node), hint)
            continue
        modules = [node.module or ""] if isinstance(node, ast.ImportFrom) else []
        modules += [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        if any(module.split(".")[0] == "stackgen" for module in modules):
            message = "component.py imports stackgen, which programs do not depend on"
            yield Problem("wrong-import", message, component.source.at(node))


def find_unknown_imports(shelf: Shelf, component: ComponentSource) -> Iterator[Problem]:
    """Names that modules of the program do not have; modules of other packages are not looked at."""
    folders = [shelf.provider_folders[component.entry.provider] / PROGRAM, SHARED / PROGRAM]
    for node in ast.walk(component.source.tree):
        if not isinstance(node, ast.ImportFrom) or node.level or not node.module:
            continue
        package = node.module.split(".")[0]
        root = next((root for root in folders if _module(root, package) is not None), None)
        if root is None:
            continue
        known = _names(root, node.module)
        if known is None:
            message = f"there is no module {node.module} in a program"
            modules = sorted(f"{package}.{path.stem}" for path in (root / package).glob("[a-z]*.py"))
            hint = did_you_mean(node.module, modules)
            yield Problem("unknown-import", message, component.source.at(node), hint, tuple(modules))
            continue
        for alias in node.names:
            if alias.name not in known and alias.name != "*":
                message = f"{node.module} has no '{alias.name}'"
                public = sorted(name for name in known if not name.startswith("_"))
                hint = did_you_mean(alias.name, public)
                yield Problem("unknown-import", message, component.source.at(alias), hint, tuple(public))


def _module(root: Path, name: str) -> Path | None:
    base = root.joinpath(*name.split("."))
    files = (base.with_name(f"{base.name}.py"), base / "__init__.py")
    return next((path for path in files if path.is_file()), None)


@cache
def _names(root: Path, name: str) -> frozenset[str] | None:
    """What a module of a program's defines or imports, and modules below it; None where there is no such module."""
    path = _module(root, name)
    if path is None:
        return None
    names: set[str] = set()
    for node in ast.walk(read_source(path).tree):
        if isinstance(node, ast.Import | ast.ImportFrom):
            names |= {(alias.asname or alias.name).split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            names.add(node.name)
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            names.add(node.id)
    if path.name == "__init__.py":
        names |= {other.stem for other in path.parent.iterdir()}
    return frozenset(names)
