"""stackgen: one provider-neutral spec for an AI ecosystem, a readable Pulumi program for every provider."""

from __future__ import annotations

TYPE_CHECKING = False  # `typing` alone costs as much as the interpreter's own start
if TYPE_CHECKING:
    from stackgen.spec.stack import Component as Component
    from stackgen.spec.stack import Environment as Environment
    from stackgen.spec.stack import Stack as Stack

__version__ = "0.1.0"

_PUBLIC = {
    "Component": "stackgen.spec.stack",
    "Environment": "stackgen.spec.stack",
    "Stack": "stackgen.spec.stack",
}


def __getattr__(name: str) -> object:
    """The spec's models, loaded when first asked for: importing stackgen itself costs nothing."""
    if name in _PUBLIC:
        from importlib import import_module

        return getattr(import_module(_PUBLIC[name]), name)
    raise AttributeError(f"module 'stackgen' has no attribute '{name}'")
