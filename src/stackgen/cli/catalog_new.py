"""stackgen catalog new: begin an implementation of one's own."""

from __future__ import annotations

import shlex
from pathlib import Path

from stackgen.catalog.shelf import Shelf
from stackgen.cli.console import Answer
from stackgen.errors import Problem, StackgenError


def create_implementation(wanted: str | None, into: str, shelf: Shelf) -> Answer:
    """Write a skeleton, and say what to run next."""
    from stackgen.authoring.creation import create_skeleton
    from stackgen.catalog.trust import is_trusted

    if not wanted:
        message = "say what to begin: CAPABILITY/PROVIDER/NAME"
        raise StackgenError(
            Problem("usage", message, next="stackgen catalog new vector_store/local/my-database")
        )
    folder = Path(into)
    begun = create_skeleton(shelf, wanted, folder)
    lines = [f"{begun.entry.capability} by {begun.entry.id} begins in {begun.entry.folder}"]
    lines += [f"  {path}" for path in begun.files]
    if not begun.is_configured:
        lines.append(f'add "{folder}" to `catalogs` in stackgen.toml, so that stacks can use it')
    verb = "check" if is_trusted(folder) else "trust"
    return Answer(
        {
            "implementation": f"{begun.entry.capability}/{begun.entry.id}",
            "files": [str(p) for p in begun.files],
        },
        "\n".join(lines),
        next=f"stackgen catalog {verb} {shlex.quote(str(folder))}",
    )
