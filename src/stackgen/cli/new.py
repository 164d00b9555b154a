"""stackgen new: a complete stack to start from."""

from __future__ import annotations

import os
import re
import shutil
from argparse import Namespace
from pathlib import Path
from tempfile import TemporaryDirectory

from stackgen.cli.console import Answer, Console
from stackgen.errors import Problem, StackgenError, did_you_mean
from stackgen.homes import refuse_planted

PACKAGED = Path(__file__).parents[1] / "blueprints"
IN_SOURCE = Path(__file__).parents[3] / "blueprints"
SLUG = re.compile(r"[a-z][a-z0-9-]{0,38}[a-z0-9]")


def run(arguments: Namespace, console: Console) -> Answer:
    """Copy a blueprint to stacks/NAME; nothing is written where something is already."""
    name, shelf = arguments.name, PACKAGED if PACKAGED.is_dir() else IN_SOURCE
    known = sorted(path.parent.name for path in shelf.glob("*/stack.yaml"))
    if arguments.blueprint not in known:
        hint = did_you_mean(arguments.blueprint, known)
        message = f"there is no blueprint '{arguments.blueprint}'"
        raise StackgenError(Problem("unknown-blueprint", message, None, hint, tuple(known)))
    if not SLUG.fullmatch(name):
        message = f"'{name}' can't be a stack's name"
        hint = "lower-case letters, digits and hyphens; starts with a letter; 2 to 40 characters"
        raise StackgenError(Problem("bad-value", message, hint=hint))
    target = Path("stacks", name)
    if os.path.lexists(target):
        message = f"{target} is there already; nothing was written"
        raise StackgenError(Problem("exists", message, hint="choose another name"))
    if target.parent.is_symlink():
        message = f"{target.parent} is a link, which may lead anywhere; nothing was written"
        raise StackgenError(Problem("not-a-folder", message, hint="go to where it leads, and run it there"))
    refuse_planted(str(target.absolute()), (Path.cwd().stat().st_uid,))
    target.parent.mkdir(exist_ok=True)
    prefix = f".{name}.stackgen-"
    # Once the stack is in its place, an empty folder that can't be removed is no failure.
    with TemporaryDirectory(prefix=prefix, dir=target.parent, ignore_cleanup_errors=True) as scratch:
        _make(shelf / arguments.blueprint, Path(scratch, name), name)
        Path(scratch, name).rename(target)
    text = f"{target} made from blueprint {arguments.blueprint}"
    return Answer({"path": str(target)}, text, next=f"stackgen up {name} -e dev", stack=name)


def _make(blueprint: Path, folder: Path, name: str) -> None:
    """Write the whole stack to a temporary folder."""
    shutil.copytree(blueprint, folder, ignore=shutil.ignore_patterns("__pycache__", "*.pyc"))
    spec = folder / "stack.yaml"
    text = spec.read_text(encoding="utf-8")
    spec.write_text(text.replace(f"name: {blueprint.name}\n", f"name: {name}\n", 1), encoding="utf-8")
