"""Opens an environment of a stack, from a spec on disk or from models built in Python."""

from __future__ import annotations

from pathlib import Path

from stackgen.catalog.shelf import Shelf
from stackgen.environment.opened import OpenedEnvironment
from stackgen.errors import ExitCode, Problem, StackgenError, did_you_mean
from stackgen.spec.candidates import FILE
from stackgen.spec.loading import LoadedStack, load_from_python, load_spec, locate_spec
from stackgen.spec.stack import Stack


def open_environment(
    stack: str | Path | Stack,
    environment: str | None = None,
    output: str | Path | None = None,
    *,
    folder: str | Path = ".",
) -> OpenedEnvironment:
    """Open one environment of a stack.

    stack: name of a stack of this folder, path of a spec or of its folder, or a model built in Python, for which
    `folder` is the folder of its spec. environment: may be None where the stack has one only. output: folder of the
    program; None: beside the spec. Raises StackgenError(environment-missing, environment-not-found), and whatever is
    wrong in the spec.
    """
    built = isinstance(stack, Stack)
    loaded = load_from_python(stack, Path(folder).absolute() / FILE) if built else load_stack(str(stack))
    name = _environment(loaded, environment)
    place = Path(output).absolute() if output else None
    return OpenedEnvironment(loaded, load_shelf(loaded.path.parent), name, place)


def load_stack(stack: str) -> LoadedStack:
    """The spec that a name or a path means; raises StackgenError."""
    return load_spec(locate_spec(stack, Path.cwd()))


def load_shelf(folder: Path) -> Shelf:
    """The built-in shelf with the private ones configured for `folder`."""
    from stackgen.catalog.roots import private_roots

    return Shelf(private_roots(folder))


def _environment(loaded: LoadedStack, name: str | None) -> str:
    known = list(loaded.stack.environments)
    if name is None:
        if len(known) > 1:
            message = f"'{loaded.stack.name}' has {len(known)} environments; say which one with -e"
            raise StackgenError(Problem("environment-missing", message, allowed=tuple(known)))
        return known[0]
    if name not in known:
        message = f"stack '{loaded.stack.name}' has no environment '{name}'"
        hint = did_you_mean(name, known)
        problem = Problem("environment-not-found", message, hint=hint, allowed=tuple(known))
        raise StackgenError(problem, ExitCode.NOT_FOUND)
    return name
