"""The files that an implementation begins with, made from its provider's `skeleton/` and its capability's contracts."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from string import Template
from typing import TYPE_CHECKING, get_args, get_origin

from stackgen.catalog.checks.arguments import stays_out
from stackgen.catalog.checks.bindings import list_keys
from stackgen.catalog.shelf import Entry, Shelf
from stackgen.contracts import contract
from stackgen.descriptors.model import Refers

if TYPE_CHECKING:
    from pydantic.fields import FieldInfo

FOLDER = "skeleton"
TEMPLATE_SUFFIX = ".txt"  # of a template, which is no module of ours
BINDINGS_TYPE = "Mapping[str, Any]"  # the bindings of a component that it connects to
BINDING_VALUES = {  # binding key → its value, by the names that a skeleton's component has
    "url": "url",
    "endpoint": "url",
    "tracking-uri": "url",
    "base-url": 'pulumi.Output.concat(url, "/v1")',
    "host": "host",
    "port": "port",
    "database": 'name.replace("-", "_")',
    "username": '"application"',
    "password": "key",
    "api-key": "key",
    "access-key-id": "key",
    "secret-access-key": "key",
    "region": '"here"',
    "bucket": "name",
    "model": "name",
}
CONDITION = re.compile(r"%(\w+)(.*)")  # a line that is there where the skeleton uses the name


@dataclass(frozen=True)
class Skeleton:
    """A new implementation of a capability on a provider; its class is the entry's name in CamelCase."""

    shelf: Shelf
    entry: Entry

    def files(self) -> dict[str, str]:
        """Path in the implementation's folder → text; the example is not among them."""
        root = self.shelf.provider_folders[self.entry.provider] / FOLDER
        return {
            path.relative_to(root).as_posix().removesuffix(TEMPLATE_SUFFIX): self._filled(path)
            for path in sorted(root.rglob(f"*{TEMPLATE_SUFFIX}"))
        }

    def _filled(self, path: Path) -> str:
        text = path.read_text(encoding="utf-8")
        if path.parent.name == "files":
            return text
        names = self._conditions()
        kept = [
            match[2] if match else line
            for line in text.splitlines()
            if not (match := CONDITION.fullmatch(line)) or match[1] in names
        ]
        return Template("\n".join(kept)).substitute(self._words()) + "\n"

    def _words(self) -> dict[str, str]:
        entry = self.entry
        fields = list(self._fields())
        return {
            "summary": f"{entry.capability} by {entry.id}.",
            "capability": entry.capability,
            "folder": entry.folder.name,
            "name": entry.class_name,
            "fields": "\n".join(fields),
            "imports": "\n".join(self._imports("\n".join(fields))),
            "kept": self._kept(),
            "not_kept": self._not_kept(),
            "bindings": self._bindings(),
        }

    def _conditions(self) -> set[str]:
        """What lines of a template depend on: bindings, the names that they use, and settings without a namesake."""
        used = {word for word in ("url", "host", "port") if re.search(rf"[:(] ?{word}\b", self._bindings())}
        used.add("bound" if self._contracts() else "unbound")
        return used | (set() if "port" in self._options() else {"setting_port"})

    def _options(self) -> dict[str, FieldInfo]:
        """Options that a program passes to the component."""
        options = self.shelf.capability(self.entry.capability).options.model_fields
        return {name: info for name, info in options.items() if not stays_out(info)}

    def _fields(self) -> Iterator[str]:
        for name, info in self._options().items():
            kind = _annotation(info)
            default = None if info.is_required() else info.get_default(call_default_factory=True)
            if info.is_required() or default not in (None, (), {}, []):  # a program passes it always
                yield f"    {name}: {kind}"
            elif default in ((), {}, []) and kind.startswith("Mapping"):
                yield f"    {name}: {kind} = field(default_factory=dict[str, Any])"
            else:
                optional = " | None" if default is None and not kind.endswith("None") else ""
                yield f"    {name}: {kind}{optional} = {default!r}"

    def _imports(self, fields: str) -> Iterator[str]:
        root = self.shelf.provider_folders[self.entry.provider] / FOLDER
        text = (root / f"component.py{TEMPLATE_SUFFIX}").read_text(encoding="utf-8") + fields
        kinds = [name for name in ("Mapping", "Sequence") if f"{name}[" in text]
        if kinds:
            yield f"from collections.abc import {', '.join(kinds)}"
        yield f"from dataclasses import dataclass{', field' if 'field(' in fields else ''}"
        if "Path(" in text:
            yield "from pathlib import Path"
        if re.search(r"\bAny\b", text):
            yield "from typing import Any"

    def _contracts(self) -> tuple[str, ...]:
        return self.shelf.capability(self.entry.capability).contracts

    def _kept(self) -> str:
        return ", ".join(f'"{name}": ()' for name in self._contracts())

    def _not_kept(self) -> str:
        lines = [
            f'        "{name}": {{\n'
            + "".join(f'            "{clause.name}": UNMEASURED,\n' for clause in contract(name).clauses)
            + "        },\n"
            for name in self._contracts()
        ]
        return "\n" + "".join(lines) + "    " if lines else ""

    def _bindings(self) -> str:
        lines = [
            f'            "{name}": {{\n'
            + "".join(f'                "{key}": {value},\n' for key, value in self._binding(name))
            + "            },\n"
            for name in self._contracts()
        ]
        return "\n" + "".join(lines) + "        " if lines else ""

    def _binding(self, name: str) -> Iterator[tuple[str, str]]:
        known, required = list_keys(name)
        for key in known:
            secret = key in BINDING_VALUES and BINDING_VALUES[key] == "key"
            partner = key == "username" and "password" in known
            if key in required or secret or partner:
                yield key, BINDING_VALUES.get(key, "name")
            elif key == "dimensions" and key in self._options():
                yield key, "args.dimensions"


def _annotation(info: FieldInfo) -> str:
    """A type for the component's field: bindings for what refers to components, else the option's own."""
    refers = any(isinstance(mark, Refers) for mark in info.metadata)
    kinds = [kind for kind in (get_args(info.annotation) or (info.annotation,)) if kind is not type(None)]
    if refers:
        return BINDINGS_TYPE if kinds == [str] else f"Mapping[str, {BINDINGS_TYPE}]"
    if get_origin(info.annotation) is tuple:
        return "Sequence[str]"
    if len(kinds) == 1 and kinds[0] in (str, int, bool, float):
        return str(kinds[0].__name__)
    return "Mapping[str, Any]" if get_origin(info.annotation) is dict else "Any"
