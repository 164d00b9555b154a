"""Reads schemas out of a generated Pulumi Python SDK: its classes hold everything but value ranges."""

from __future__ import annotations

import enum
import importlib
import importlib.util
import inspect
import json
import re
import types
import typing
import warnings
from collections.abc import Awaitable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from tests.clouds.shapes import Fields, Schema, Shape

hints: Any = importlib.import_module("pulumi._types")
"""How the SDK itself finds names and types of properties; not public, so a new SDK may move it."""
pulumi: Any = importlib.import_module("pulumi")

PLAIN = {str: "str", int: "int", float: "float", bool: "bool"}


class Location(NamedTuple):
    """Where the class of a resource is."""

    module: str
    name: str


def registered(source: str) -> dict[str, Location]:
    """Token → class, from the text of an SDK's `__init__`."""
    table = re.search(r'resource_modules="""(.*?)"""', source, re.S)
    modules: list[Any] = json.loads(table.group(1)) if table else []
    return {
        token: Location(module["fqn"], name)
        for module in modules
        for token, name in module["classes"].items()
    }


def read_resource(token: str, location: Location) -> Schema:
    """The schema of one resource."""
    cls = getattr(_import(location.module), location.name)
    reader = _Reader()
    inputs = reader.fields(_arguments(cls))
    outputs = reader.fields(cls)
    source = inspect.getsource(cls)
    secrets = re.search(r"additional_secret_outputs=(\[.*?\])", source, re.S)
    deprecated = re.search(r'^    warnings\.warn\("""(.*?)""", DeprecationWarning\)', source, re.S | re.M)
    return Schema(
        token=token,
        inputs=inputs,
        outputs=outputs,
        secrets=tuple(json.loads(secrets.group(1))) if secrets else (),
        deprecated=deprecated.group(1) if deprecated else "",
        objects=reader.finish(),
    )


def read_function(token: str) -> Schema:
    """What a data source returns; LookupError when its module or class is not where they all are."""
    package, place, name = token.split(":")
    module = _import(_module_of(package, place.split("/")[0], name))
    result = getattr(module, name[0].upper() + name[1:] + "Result", None)
    if result is None:
        raise LookupError(f"no result class of {token}")
    reader = _Reader()
    outputs = reader.fields(result)
    return Schema(token=token, inputs=Fields(), outputs=outputs, objects=reader.finish())


def _module_of(package: str, folder: str, name: str) -> str:
    """The module of a data source: `ec2`, `getVpc` → `pulumi_aws.ec2.get_vpc`."""
    top = importlib.util.find_spec(f"pulumi_{package}")
    root = Path(top.origin).parent if top and top.origin else Path()
    for inner in ("",) if folder == "index" else (f".{folder}", f".{folder}_"):
        for file in (root / inner.strip(".")).glob("get_*.py"):
            if file.stem.replace("_", "") == name.lower():
                return f"pulumi_{package}{inner}.{file.stem}"
    raise LookupError(f"{package} has no data source {name} in {folder}")


def _import(module: str) -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return importlib.import_module(module)


def _arguments(cls: type) -> type:
    """The class of a resource's arguments.

    It is named `XInitArgs` where `XArgs` is already a nested type, so it is looked for by where it is defined.
    """
    module = importlib.import_module(cls.__module__)
    for name in (f"{cls.__name__}InitArgs", f"{cls.__name__}Args"):
        found = getattr(module, name, None)
        if found is not None and found.__module__ == cls.__module__:
            return found
    raise LookupError(f"{cls.__module__} has no arguments class for {cls.__name__}")


class _Reader:
    """Turns classes into fields, and remembers the classes those refer to."""

    def __init__(self) -> None:
        self._known: dict[str, type] = {}

    def finish(self) -> dict[str, Fields]:
        """The fields of every class referred to, and of those they refer to."""
        done: dict[str, Fields] = {}
        while len(done) < len(self._known):
            for ref, cls in list(self._known.items()):
                if ref not in done:
                    done[ref] = self.fields(cls)
        return done

    def fields(self, cls: type) -> Fields:
        returns: dict[str, Any] = hints._raw_return_hints(cls)
        properties = {name: self.shape(hint) for name, hint in returns.items()}
        if hints.is_input_type(cls):
            return Fields(properties, _without_default(cls), _deprecated(cls))
        always = tuple(name for name, hint in returns.items() if not _optional(hint))
        return Fields(properties, always, {})

    def shape(self, hint: Any) -> Shape:
        origin, arguments = typing.get_origin(hint), typing.get_args(hint)
        if origin in (typing.Union, types.UnionType):
            return self._union([one for one in arguments if not _wrapper(one)])
        if _wrapper(hint) and arguments:
            return self.shape(arguments[0])
        if isinstance(origin, type) and issubclass(origin, Mapping):
            return Shape("map", (self.shape(arguments[1]),))
        if isinstance(origin, type) and issubclass(origin, Sequence):
            return Shape("list", (self.shape(arguments[0]),))
        return self._class(hint)

    def _union(self, members: list[Any]) -> Shape:
        shapes = list(dict.fromkeys(self.shape(member) for member in members if member is not type(None)))
        enums = [shape for shape in shapes if shape.kind == "enum"]
        if enums and len(enums) < len(shapes):  # `str | Enum`: any other value may be given too
            return Shape("enum", values=enums[0].values)
        if not shapes:
            return Shape("any")
        return shapes[0] if len(shapes) == 1 else Shape("union", tuple(shapes))

    def _class(self, hint: Any) -> Shape:
        if not isinstance(hint, type):
            return Shape("any")
        if hint in PLAIN:
            return Shape(PLAIN[hint])
        if issubclass(hint, enum.Enum):
            return Shape("enum", values=tuple(member.value for member in hint), closed=True)
        if issubclass(hint, pulumi.Asset | pulumi.Archive):
            return Shape("asset")
        if not (hints.is_input_type(hint) or hints.is_output_type(hint)):
            return Shape("any")
        ref = f"{hint.__module__}.{hint.__qualname__}"
        self._known[ref] = hint
        return Shape("object", ref=ref)


def _wrapper(hint: Any) -> bool:
    origin = typing.get_origin(hint) or hint
    return isinstance(origin, type) and issubclass(origin, Awaitable | pulumi.Output)


def _optional(hint: Any) -> bool:
    if _wrapper(hint):
        return any(_optional(argument) for argument in typing.get_args(hint))
    return type(None) in typing.get_args(hint)


def _without_default(cls: type) -> tuple[str, ...]:
    names: dict[str, str] = hints.input_type_py_to_pulumi_names(cls)
    parameters = inspect.signature(cls.__init__).parameters
    empty = inspect.Parameter.empty
    return tuple(
        name for python, name in names.items() if python in parameters and parameters[python].default is empty
    )


def _deprecated(cls: type) -> dict[str, str]:
    names: dict[str, str] = hints.input_type_py_to_pulumi_names(cls)
    getters = {name: getattr(cls, python).fget for python, name in names.items()}
    return {
        name: _message(get) for name, get in getters.items() if "_pulumi_deprecated_callable" in vars(get)
    }


def _message(getter: types.FunctionType) -> str:
    """The text given to the `deprecated` decorator, which only its closure still holds."""
    cells: list[Any] = [cell.cell_contents for cell in getter.__closure__ or ()]
    return next((cell for cell in cells if isinstance(cell, str)), "deprecated")
