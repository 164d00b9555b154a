"""stackgen bindings: what applications connect with."""

from __future__ import annotations

import shlex
from argparse import Namespace
from pathlib import Path
from typing import Any

from stackgen.cli.console import Answer, Console
from stackgen.cli.environment import open_named_environment
from stackgen.errors import ExitCode, Problem, StackgenError, did_you_mean

MASK = "********"
MASKED_NOTE = (
    "secrets are masked; add --show-secrets, or use `stackgen run`, which hands them to one command only"
)


def run(arguments: Namespace, console: Console) -> Answer:
    """A table, shell exports, or Service Binding files; secrets only when asked for."""
    from stackgen.contracts import contract
    from stackgen.contracts.projection import environment_variables

    environment = open_named_environment(arguments)
    bindings: dict[str, Any] = environment.bindings()
    if arguments.component:
        if arguments.component not in bindings:
            hint = did_you_mean(arguments.component, list(bindings))
            message = f"'{arguments.component}' has no bindings"
            problem = Problem("no-bindings", message, None, hint, tuple(bindings))
            raise StackgenError(problem, ExitCode.NOT_FOUND)
        bindings = {arguments.component: bindings[arguments.component]}
    where: dict[str, Any] = {"stack": environment.stack_name, "environment": environment.name}
    secret, shown = _has_secrets(bindings), bool(arguments.show_secrets)
    if arguments.format == "env":
        found = environment_variables(bindings, masked=not shown)
        lines = [f"export {name}={shlex.quote(value)}" for name, value in found.items()]
        return Answer(
            found, "\n".join(lines), warnings=[MASKED_NOTE] if secret and not shown else [], **where
        )
    if arguments.format == "files":
        if secret and not shown:
            message = "these bindings hold secrets, and a file of asterisks is of no use"
            raise StackgenError(Problem("secrets-not-shown", message, hint="add --show-secrets"))
        return Answer(*_files(bindings, Path(arguments.to or "bindings")), **where)
    rows: list[tuple[str, str, str, str]] = []
    for component, contracts in bindings.items():
        for name, values in contracts.items():
            shown = contract(name).binding.model_validate(values).mask_secrets()
            if arguments.show_secrets:
                shown = {key: str(values[key]) for key in shown}
            rows += [(component, name, key, _shown(value)) for key, value in shown.items()]
    data: dict[str, Any] = {}
    for component, name, key, value in rows:
        data.setdefault(component, {}).setdefault(name, {})[key] = value
    return Answer(data, table=(("component", "contract", "key", "value"), rows), **where)


def _shown(value: str) -> str:
    return MASK if value and set(value) == {"*"} else value


def _has_secrets(bindings: dict[str, Any]) -> bool:
    from stackgen.contracts.projection import environment_variables

    return environment_variables(bindings) != environment_variables(bindings, masked=True)


def _files(bindings: dict[str, Any], folder: Path) -> tuple[dict[str, str], str]:
    """The variable by which an application finds the files."""
    from stackgen.cli.binding_files import write_bindings

    write_bindings(
        folder,
        {
            f"{component}-{name}": {"type": name, **{key: str(value) for key, value in values.items()}}
            for component, contracts in bindings.items()
            for name, values in contracts.items()
        },
    )
    root = str(folder.absolute())
    return {"SERVICE_BINDING_ROOT": root}, f"export SERVICE_BINDING_ROOT={shlex.quote(root)}"
