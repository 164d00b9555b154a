"""`__main__.py`: imports, components in order, exports."""

from __future__ import annotations

import builtins
import keyword
import os
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any, cast

from pydantic import BaseModel

from stackgen.catalog.shelf import Entry
from stackgen.descriptors.model import ForStackgen
from stackgen.planning.model import Plan, PlannedComponent, PlannedFoundation
from stackgen.program.literals import INDENT, WIDTH, Code, list_literal, mapping_literal, python_literal
from stackgen.program.templating import render

_TAKEN = {
    *keyword.kwlist,
    *keyword.softkwlist,
    *dir(builtins),
    "bindings",
    "boxes",
    "components",
    "config",
    "extensions",
    "pulumi",
}


def main_module(plan: Plan, folder: Path) -> str:
    """Source of `__main__.py` for a program that stands in `folder`."""
    return _Main(plan, folder).source()


def class_names(plan: Plan) -> Mapping[Path, Code]:
    """Implementation folder → its class in `__main__`; the capability goes in front where two clash."""
    entries = {item.entry.folder: item.entry for item in (*plan.foundations, *plan.all_components)}
    plain = [entry.class_name for entry in entries.values()]

    def name(entry: Entry) -> str:
        if plain.count(entry.class_name) == 1:
            return entry.class_name
        return "".join(word.capitalize() for word in entry.capability.split("_")) + entry.class_name

    return {folder: Code(name(entry)) for folder, entry in entries.items()}


def python_name(name: str, plan: Plan) -> Code:
    """Python name of a component: its label, with an underscore appended where that is taken."""
    identifier = name.replace("-", "_")
    taken = identifier in _TAKEN or identifier in plan.foundation_names
    return Code(f"{identifier}_" if taken else identifier)


def component_calls(plan: Plan, folder: Path) -> Mapping[str, str]:
    """Resource name of each foundation and component → its call in `__main__.py`, as text."""
    main = _Main(plan, folder)
    blocks = [(item.name, main.foundation(item)) for item in plan.foundations]
    blocks += [(item.resource, main.component(item)) for item in plan.all_components]
    return {name: "\n".join(f"{key} {block[key]}" for key in _CALL) for name, block in blocks}


_CALL = ("class", "resource_name", "arguments", "options")


class _Main:
    def __init__(self, plan: Plan, folder: Path) -> None:
        self.plan = plan
        self.folder = folder
        self.classes = class_names(plan)

    def source(self) -> str:
        plan = self.plan
        blocks = [self.foundation(item) for item in plan.foundations]
        blocks += [self.component(item) for item in plan.all_components]
        variables = {item.name: self._variable(item.name) for item in plan.components}
        bound = {name: self._bindings(name) for name in variables if self._has_bindings(name)}
        boxes = {item.name: self._boxes(item.name) for item in plan.second_boxes}
        return render(
            "__main__.py.jinja",
            title=Code(f"{plan.stack.name}, environment {plan.environment}."),
            imports=[Code(line) for line in self._imports()],
            configured=any(item.configured for item in plan.foundations),
            components=blocks,
            bindings=mapping_literal(bound, lead=len("bindings = ")),
            boxes=mapping_literal(boxes, lead=len("boxes = ")) if boxes else None,
            extended=mapping_literal(variables, lead=len("components = ")),
        )

    def _imports(self) -> Iterator[str]:
        entries = {
            item.entry.folder: item.entry for item in (*self.plan.foundations, *self.plan.all_components)
        }
        for entry in sorted(entries.values(), key=lambda entry: (entry.capability, entry.folder.name)):
            plain, used = entry.class_name, self.classes[entry.folder]
            imported = [plain if plain == used else f"{plain} as {used}"]
            imported.append(f"{plain}Args" if plain == used else f"{plain}Args as {used}Args")
            line = f"from components.{entry.capability}.{entry.folder.name} import "
            if len(line) + len(", ".join(imported)) <= 110:
                yield line + ", ".join(imported)
            else:
                yield line + "(\n" + "".join(f"    {item},\n" for item in imported) + ")"

    def foundation(self, item: PlannedFoundation) -> dict[str, Any]:
        """Values of a foundation for the template."""
        return {
            "comment": Code(f"What every {item.provider} component stands on."),
            "variable": Code(item.name),
            "class": self.classes[item.entry.folder],
            "resource_name": python_literal(item.name),
            "arguments": list(self._foundation_values(item)),
            "options": None,
        }

    def _foundation_values(self, item: PlannedFoundation) -> Iterator[Code]:
        for name, value in item.settings:
            if name in item.configured:
                yield Code(f"{name}=config.require({python_literal(configuration_key(item.provider, name))})")
            elif value is not None and not _nothing(item.settings, name, value):
                yield self._argument(name, value)

    def component(self, item: PlannedComponent) -> dict[str, Any]:
        """Values of a component for the template."""
        foundations = [f for f in self.plan.foundations if f.provider == item.entry.provider]
        arguments = [Code(f"{f.name}={f.name}") for f in foundations]
        if any(f.workloads for f in foundations):
            arguments += self._callers(item)
        arguments += self._options(item)
        arguments += self._values(item.settings)
        return {
            "comment": Code(f"{item.name}: {item.capability} by {item.entry.id}{self._which(item)}"),
            "variable": python_name(item.label, self.plan),
            "class": self.classes[item.entry.folder],
            "resource_name": python_literal(item.resource),
            "arguments": arguments,
            "options": self._resource_options(item, foundations),
        }

    def _boxes(self, name: str) -> Code:
        """Both boxes of a component by number, in an order that no exchange changes."""
        both = sorted(
            (item for item in self.plan.all_components if item.name == name), key=lambda item: item.box
        )
        return mapping_literal(
            {str(b.box): Code(f"{python_name(b.label, self.plan)}.bindings") for b in both}, indent=INDENT
        )

    def _which(self, item: PlannedComponent) -> str:
        if item.renamed_from is not None:
            return f"{self._number(item)}, first deployed as {item.renamed_from}"
        return self._number(item)

    def _number(self, item: PlannedComponent) -> str:
        if item in self.plan.second_boxes:
            return f", box {item.box}, beside the one that serves"
        return "" if item.box == 1 else f", box {item.box}"

    def _callers(self, item: PlannedComponent) -> Iterator[Code]:
        """Identities that may connect to the component: those of the components that name it."""
        grounds = {f.provider: f.name for f in self.plan.foundations if f.workloads}
        calling = self.plan.callers(item.name)
        named = {caller.name for caller in calling}
        callers = [
            Code(f"{grounds[caller.entry.provider]}.workload({python_literal(caller.resource)})")
            for caller in (*calling, *(box for box in self.plan.second_boxes if box.name in named))
            if caller.entry.provider in grounds
        ]
        if callers:
            yield Code(f"callers={list_literal(callers, indent=2 * INDENT, lead=len('callers='))}")

    def _resource_options(
        self, item: PlannedComponent, foundations: Sequence[PlannedFoundation]
    ) -> Code | None:
        options = [f"providers={f.name}.providers" for f in foundations if f.explicit]
        waits = [self._variable(name) for name in item.waits_for]
        if waits:
            options.append(f"depends_on={list_literal(waits, indent=2 * INDENT, lead=len('depends_on='))}")
        if item.replaces:
            options.append(f"aliases={_aliases(item)}")
        flat = f"pulumi.ResourceOptions({', '.join(options)})"
        if len(flat) + INDENT + 1 <= WIDTH and "\n" not in flat:
            return Code(flat) if options else None
        lines = "".join(f"{' ' * 2 * INDENT}{option},\n" for option in options)
        return Code(f"pulumi.ResourceOptions(\n{lines}{' ' * INDENT})")

    def _options(self, item: PlannedComponent) -> Iterator[Code]:
        for option, value in item.options:
            if option in _for_stackgen(type(item.options)):
                continue
            if option in item.references:
                if item.references[option].into is None:
                    yield Code(f"{option}={self._referred(item, option)}")
            elif option in item.sources:
                yield Code(f"{option}={python_literal(_relative(item.sources[option], self.folder))}")
            elif value is not None and not _nothing(item.options, option, value):
                yield self._argument(option, value)

    def _bindings(self, name: str, by: str | None = None, *, reads: bool = False) -> Code:
        """A component's bindings as `by` sees them: its server's where another speaks for it.

        reads: those with credentials that change nothing, where the component has them."""
        server = self.plan.by_name[name].served_by
        if server is None or server == by:
            readers = reads and self.plan.by_name[name].implementation.readers
            return Code(f"{self._variable(name)}.{'readers' if readers else 'bindings'}")
        return Code(f"{self._variable(server)}.served[{python_literal(name)}]")

    def _referred(self, item: PlannedComponent, option: str) -> Code:
        """What an option names, and what others name on its behalf."""
        given = item.references[option]
        references = [given, *(other for other in item.references.values() if other.into == option)]
        code = {
            name: self._bindings(name, item.name, reads=reference.reads)
            for reference in references
            for name in reference.names
        }
        if given.many:
            return mapping_literal(code, indent=2 * INDENT, lead=len(option) + 1)
        return next(iter(code.values()))

    def _values(self, model: BaseModel) -> Iterator[Code]:
        for name, value in model:
            if name in _for_stackgen(type(model)):
                continue
            if value is not None and not _nothing(model, name, value):
                yield self._argument(name, value)

    def _argument(self, name: str, value: object) -> Code:
        plain = plain_data(value)
        return Code(f"{name}={python_literal(plain, indent=2 * INDENT, lead=len(name) + 1)}")

    def _variable(self, name: str) -> Code:
        return python_name(self.plan.by_name[name].label, self.plan)

    def _has_bindings(self, name: str) -> bool:
        return bool(self.plan.by_name[name].implementation.kept)


@cache
def _for_stackgen(options: type[BaseModel]) -> frozenset[str]:
    """Options and settings that stay out of the program."""
    return frozenset(n for n, field in options.model_fields.items() if ForStackgen() in field.metadata)


@cache
def _relative(source: Path, folder: Path) -> str:
    return Path(os.path.relpath(source, folder)).as_posix()


def _aliases(item: PlannedComponent) -> Code:
    """Other implementations whose resources of the same names these would be, not new ones beside them."""
    types = [f"stackgen:{entry.capability}:{entry.class_name}" for entry in item.replaces]
    return list_literal(
        [Code(f"pulumi.Alias(type_={python_literal(token)})") for token in types],
        indent=2 * INDENT,
        lead=len("aliases="),
    )


def _nothing(model: BaseModel, name: str, value: object) -> bool:
    """True for an empty collection that is also the argument's default."""
    if value not in ((), {}, []):
        return False
    return value == type(model).model_fields[name].get_default(call_default_factory=True)


def configuration_key(provider: str, setting: str) -> str:
    """Name of a setting in Pulumi's configuration: camelCase, the provider's name in front."""
    return provider + "".join(word.capitalize() for word in setting.split("_"))


def plain_data(value: object) -> object:
    """Pydantic values as exact built-in types (tuples become lists), for literals and JSON."""
    if isinstance(value, BaseModel):
        return {key: plain_data(item) for key, item in value if item is not None}
    if isinstance(value, dict):
        return {str(key): plain_data(item) for key, item in cast("dict[Any, Any]", value).items()}
    if isinstance(value, (list, tuple)):
        return [plain_data(item) for item in cast("Sequence[Any]", value)]
    return value
