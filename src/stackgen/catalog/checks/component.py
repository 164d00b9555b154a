"""Checks that component.py has the class that a generated program creates, read from its syntax."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from stackgen.catalog.checks.source import SourceText, read_source
from stackgen.catalog.shelf import Entry
from stackgen.errors import Problem, StackgenError, did_you_mean

GIVEN = ("name", "args", "opts")  # what a program passes, in this order
BASE = "ComponentResource"


@dataclass(frozen=True)
class ComponentSource:
    """An implementation's component.py and the two classes in it; None for one that is not there."""

    entry: Entry
    source: SourceText

    @cached_property
    def resource(self) -> ast.ClassDef | None:
        """The component's class."""
        return self.source.classes().get(self.entry.class_name)

    @cached_property
    def arguments(self) -> ast.ClassDef | None:
        """The class of its arguments."""
        return self.source.classes().get(f"{self.entry.class_name}Args")

    @cached_property
    def constructor(self) -> ast.FunctionDef | None:
        """The component's `__init__`."""
        body = self.resource.body if self.resource is not None else []
        functions = [node for node in body if isinstance(node, ast.FunctionDef)]
        return next((node for node in functions if node.name == "__init__"), None)


def read_component(entry: Entry) -> ComponentSource:
    """Raises StackgenError(component-missing, catalog-invalid)."""
    path = entry.folder / "component.py"
    try:
        return ComponentSource(entry, read_source(path))
    except OSError as error:
        declared = read_source(entry.folder / "implementation.py")
        said = "" if isinstance(error, FileNotFoundError) else f" that can be read: {error.strerror or error}"
        message = f"{entry.folder.name} has no component.py{said}"
        hint = f"a program imports {entry.class_name} and {entry.class_name}Args from it"
        place = declared.at(declared.find_assignment("IMPLEMENTATION"))
        raise StackgenError(Problem("component-missing", message, place, hint)) from None


def classes(component: ComponentSource) -> Iterator[Problem]:
    """Both classes, named after the folder; the component's base."""
    source, known = component.source, list(component.source.classes())
    for name in (component.entry.class_name, f"{component.entry.class_name}Args"):
        if name not in known:
            near = did_you_mean(name, known)
            place = source.at(source.classes().get(near.split("'")[1])) if near else source.at(None)
            message = f"component.py has no class {name}, which a program imports"
            hint = f"{near} It is named after the folder {component.entry.folder.name}" if near else None
            yield Problem("class-missing", message, place, hint)
    resource = component.resource
    if resource is not None:
        bases = [ast.unparse(base).rpartition(".")[2] for base in resource.bases]
        if BASE not in bases and not set(bases) & set(known):
            message = f"{resource.name} does not inherit from pulumi.{BASE}"
            yield Problem("not-a-component", message, source.at(resource))


def constructor(component: ComponentSource) -> Iterator[Problem]:
    """`__init__(self, name, args, opts)`, which is how a program calls it."""
    resource, function = component.resource, component.constructor
    if resource is None:
        return
    name = component.entry.class_name
    hint = f"def __init__(self, name: str, args: {name}Args, opts: pulumi.ResourceOptions | None = None)"
    if function is None:
        message = f"{name} has no __init__ that takes {', '.join(GIVEN)}"
        yield Problem("wrong-signature", message, component.source.at(resource), hint)
        return
    given = function.args
    places = [*given.posonlyargs, *given.args][1:]
    needed = len(places) - len(given.defaults)
    named = [a.arg for a, default in zip(given.kwonlyargs, given.kw_defaults, strict=True) if default is None]
    if (len(places) < len(GIVEN) and given.vararg is None) or needed > len(GIVEN) or named:
        message = f"a program calls {name}({', '.join(GIVEN)}), and its __init__ takes something else"
        yield Problem("wrong-signature", message, component.source.at(function), hint)


def registration(component: ComponentSource) -> Iterator[Problem]:
    """The type token, by which Pulumi knows a component from another, and the end of its children."""
    resource = component.resource
    if resource is None:
        return
    token = f"stackgen:{component.entry.capability}:{component.entry.class_name}"
    hint = f'super().__init__("{token}", name, None, opts)'
    calls = [node for node in ast.walk(resource) if isinstance(node, ast.Call)]
    initial = next((node for node in calls if ast.unparse(node.func) == "super().__init__"), None)
    if initial is None or not initial.args:
        message = f"{resource.name} does not register with the type token {token}"
        yield Problem("wrong-token", message, component.source.at(initial or resource), hint)
    elif not isinstance(initial.args[0], ast.Constant) or initial.args[0].value != token:
        message = f"the type token must be the text {token}: Pulumi knows the resource by it"
        yield Problem("wrong-token", message, component.source.at(initial.args[0]), hint)
    if not any(
        isinstance(node.func, ast.Attribute) and node.func.attr == "register_outputs" for node in calls
    ):
        message = (
            f"{resource.name} does not call register_outputs, so Pulumi does not know that it is complete"
        )
        hint = 'end __init__ with self.register_outputs({"bindings": self.bindings})'
        yield Problem("outputs-not-registered", message, component.source.at(resource), hint)


def attributes(component: ComponentSource) -> Iterator[Problem]:
    """`self.bindings`, and `self.readers` exactly where the descriptor says so."""
    resource, stated = component.resource, component.entry.implementation
    if resource is None:
        return
    assigned = {
        ast.unparse(target): target
        for node in ast.walk(resource)
        if isinstance(node, ast.Assign | ast.AnnAssign) and getattr(node, "value", None) is not None
        for target in (node.targets if isinstance(node, ast.Assign) else [node.target])
    }
    if stated.kept and "self.bindings" not in assigned:
        message = f"{resource.name} sets no `self.bindings`, which others connect with"
        yield Problem("bindings-missing", message, component.source.at(resource))
    if ("self.readers" in assigned) != stated.readers:
        sets = "sets" if "self.readers" in assigned else "does not set"
        message = f"{resource.name} {sets} `self.readers`, and the descriptor says readers={stated.readers}"
        yield Problem("contradiction", message, component.source.at(assigned.get("self.readers", resource)))
