"""stackgen engine: the Pulumi it uses."""

from __future__ import annotations

import shlex
from argparse import Namespace

from stackgen.cli.console import Answer, Console


def run(arguments: Namespace, console: Console) -> Answer:
    """Status, install, or the variables a plain `pulumi` needs."""
    from stackgen.engine.locate import ensure_engine, find_engine
    from stackgen.engine.settings import engine_variables

    found = find_engine()
    if found is None and arguments.action != "status":
        with console.working("getting the engine") as progress:
            found = ensure_engine(progress)
    if found is None:
        text = "no engine yet; the first `up` gets one"
        return Answer({"engine": None}, text, next="stackgen engine install")
    if arguments.action == "env":
        variables = engine_variables(found.folder)
        lines = [f"export {name}={shlex.quote(value)}" for name, value in variables.items()]
        return Answer(variables, "\n".join(lines))
    data = {"version": found.version, "origin": found.origin, "folder": str(found.folder)}
    text = f"Pulumi {found.version} ({found.origin}) in {found.folder}"
    return Answer(data, text, next='eval "$(stackgen engine env)" && pulumi version')
