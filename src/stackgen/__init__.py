"""stackgen: one provider-neutral spec for an AI ecosystem, a readable Pulumi program for every provider.

The names in `__all__` are the Python API: docs/python.md.
"""

from __future__ import annotations

TYPE_CHECKING = False  # `typing` alone costs as much as the interpreter's own start
if TYPE_CHECKING:
    from stackgen.environment.deploying import Deployed as Deployed
    from stackgen.environment.deploying import Options as Options
    from stackgen.environment.generating import generate as generate
    from stackgen.environment.opened import OpenedEnvironment as OpenedEnvironment
    from stackgen.environment.opening import open_environment as open_environment
    from stackgen.environment.verifying import Verified as Verified
    from stackgen.environment.verifying import verify as verify
    from stackgen.errors import Problem as Problem
    from stackgen.errors import StackgenError as StackgenError
    from stackgen.spec.stack import Component as Component
    from stackgen.spec.stack import Environment as Environment
    from stackgen.spec.stack import Stack as Stack
    from stackgen.swap.deploy_guard import deploy as deploy

__version__ = "0.1.0"

_PUBLIC = {
    "Component": "spec.stack",
    "Deployed": "environment.deploying",
    "Environment": "spec.stack",
    "OpenedEnvironment": "environment.opened",
    "Options": "environment.deploying",
    "Problem": "errors",
    "Stack": "spec.stack",
    "StackgenError": "errors",
    "Verified": "environment.verifying",
    "deploy": "swap.deploy_guard",
    "generate": "environment.generating",
    "open_environment": "environment.opening",
    "verify": "environment.verifying",
}
__all__ = [
    "Component",
    "Deployed",
    "Environment",
    "OpenedEnvironment",
    "Options",
    "Problem",
    "Stack",
    "StackgenError",
    "Verified",
    "deploy",
    "generate",
    "open_environment",
    "verify",
]


def __getattr__(name: str) -> object:
    """The API, loaded when first asked for: importing stackgen itself costs nothing."""
    if name in _PUBLIC:
        from importlib import import_module

        return getattr(import_module(f"stackgen.{_PUBLIC[name]}"), name)
    raise AttributeError(f"module 'stackgen' has no attribute '{name}'")
