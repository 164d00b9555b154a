"""stackgen bindings: what applications connect with."""

from __future__ import annotations

import os
import shlex
from argparse import Namespace
from pathlib import Path
from typing import Any

from stackgen.cli.console import Answer, Console
from stackgen.cli.context import open_context
from stackgen.errors import ExitCode, Problem, StackgenError, did_you_mean

HIDDEN = "********"


def run(arguments: Namespace, console: Console) -> Answer:
    """A table, shell exports, or Service Binding files; secrets only when asked for."""
    from stackgen.contracts import contract
    from stackgen.contracts.projection import environment

    context = open_context(arguments)
    bindings: dict[str, Any] = context.bindings()
    if arguments.component:
        if arguments.component not in bindings:
            hint = did_you_mean(arguments.component, list(bindings))
            message = f"'{arguments.component}' has no bindings"
            problem = Problem("no-bindings", message, None, hint, tuple(bindings))
            raise StackgenError(problem, ExitCode.NOT_FOUND)
        bindings = {arguments.component: bindings[arguments.component]}
    where: dict[str, Any] = {"stack": context.name, "environment": context.environment}
    if arguments.format == "env":
        lines = [f"export {name}={shlex.quote(value)}" for name, value in environment(bindings).items()]
        return Answer(environment(bindings), "\n".join(lines), **where)
    if arguments.format == "files":
        return Answer(*_files(bindings, Path(arguments.to or "bindings")), **where)
    rows: list[tuple[str, str, str, str]] = []
    for component, contracts in bindings.items():
        for name, values in contracts.items():
            shown = contract(name).binding.model_validate(values).masked()
            if arguments.show_secrets:
                shown = {key: str(values[key]) for key in shown}
            rows += [(component, name, key, _shown(value)) for key, value in shown.items()]
    data: dict[str, Any] = {}
    for component, name, key, value in rows:
        data.setdefault(component, {}).setdefault(name, {})[key] = value
    return Answer(data, table=(("component", "contract", "key", "value"), rows), **where)


def _shown(value: str) -> str:
    return HIDDEN if value and set(value) == {"*"} else value


def _files(bindings: dict[str, Any], folder: Path) -> tuple[dict[str, str], str]:
    """Service Binding layout (https://servicebinding.io): <folder>/<component>-<contract>/<key>, private files."""
    for component, contracts in bindings.items():
        for name, values in contracts.items():
            place = folder / f"{component}-{name}"
            place.mkdir(mode=0o700, parents=True, exist_ok=True)
            for key, value in {"type": name, **values}.items():
                descriptor = os.open(place / key, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
                with os.fdopen(descriptor, "w") as stream:
                    stream.write(str(value))
    return {
        "SERVICE_BINDING_ROOT": str(folder.absolute())
    }, f"export SERVICE_BINDING_ROOT={folder.absolute()}"
