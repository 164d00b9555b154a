"""The stack and the environment that a command's arguments name."""

from __future__ import annotations

from argparse import Namespace

from stackgen.environment.opened import OpenedEnvironment
from stackgen.environment.opening import load_stack, open_environment
from stackgen.spec.loading import LoadedStack


def open_named_environment(arguments: Namespace) -> OpenedEnvironment:
    """The opened environment; raises StackgenError."""
    return open_environment(arguments.stack, arguments.environment, arguments.output)


def load_named_stack(arguments: Namespace) -> LoadedStack:
    """The spec; raises StackgenError."""
    return load_stack(arguments.stack)
