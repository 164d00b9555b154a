"""Checks that a component's bindings have the keys of their contracts, as far as its text says so."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass, field

from stackgen.catalog.checks.component import ComponentSource
from stackgen.contracts import contract, contract_names
from stackgen.contracts.model import to_kebab
from stackgen.errors import Problem, did_you_mean

UPSTREAM = "upstream"  # what the component that speaks the contract for it connects with
DEEPEST = 8  # names that stand for each other


@dataclass
class Keys:
    """Keys of a dict with the node of each. whole: whether it certainly has these and no others."""

    nodes: dict[str, ast.expr] = field(default_factory=dict[str, ast.expr])
    values: dict[str, ast.expr] = field(default_factory=dict[str, ast.expr])
    whole: bool = True


def binding_keys(component: ComponentSource) -> Iterator[Problem]:
    """Keys that a contract does not know or misses; contracts that are not declared or have no binding."""
    reader = _Reader(component)
    bindings, kept = reader.bindings(), component.entry.implementation.kept
    if bindings is None:
        return
    for name, node in bindings.nodes.items():
        if name == UPSTREAM and component.entry.implementation.reached_through:
            continue
        if name not in contract_names() or name not in kept:
            message = f"`self.bindings` has '{name}', which `kept` of the descriptor does not name"
            hint = did_you_mean(name, list(kept))
            yield Problem("unknown-contract", message, component.source.at(node), hint, tuple(kept))
        else:
            yield from _of_contract(component, name, node, reader.keys(bindings.values[name]))
    for name in kept:
        if bindings.whole and name not in bindings.nodes and name in contract_names():
            message = f"`self.bindings` has nothing for {name}, which the descriptor keeps"
            place = component.source.at(reader.place)
            yield Problem("binding-missing", message, place, next=f"stackgen catalog contract {name}")


def unread_contracts(component: ComponentSource) -> list[str]:
    """Contracts whose binding is made by a function, so that its keys can't be read."""
    reader = _Reader(component)
    bindings = reader.bindings()
    if bindings is None:
        return list(component.entry.implementation.kept)
    return [name for name, value in bindings.values.items() if reader.keys(value) is None]


def list_keys(name: str) -> tuple[list[str], list[str]]:
    """Keys of a contract's binding: all of them, and those that it can't be without."""
    known = contract(name).binding.model_fields.items()
    return [to_kebab(key) for key, _ in known], [to_kebab(key) for key, info in known if info.is_required()]


def _of_contract(
    component: ComponentSource, name: str, place: ast.expr, keys: Keys | None
) -> Iterator[Problem]:
    if keys is None:
        return
    known, required = list_keys(name)
    next = f"stackgen catalog contract {name}"
    for key, node in keys.nodes.items():
        if key not in known:
            message = f"'{key}' is no key of the {name} binding"
            hint = did_you_mean(key, known)
            yield Problem("unknown-key", message, component.source.at(node), hint, tuple(known), next)
    for key in required if component.entry.implementation.reached_through is None else ():
        if keys.whole and key not in keys.nodes:
            message = f"the {name} binding lacks '{key}'"
            at = component.source.at(place)
            yield Problem("missing-key", message, at, allowed=tuple(known), next=next)


class _Reader:
    """Reads dicts of a constructor: written out, by a name, merged with `|` or `**`, and added to by key."""

    def __init__(self, component: ComponentSource) -> None:
        self.source = component.source
        function = component.constructor
        self.body: list[ast.stmt] = [] if function is None else function.body
        self.place: ast.AST | None = function

    def bindings(self) -> Keys | None:
        """`self.bindings`, or None where it is set more than once, or by something else than a dict."""
        return self._named("self.bindings", 0)

    def keys(self, node: ast.expr, depth: int = 0) -> Keys | None:
        """Keys of an expression; None where its text does not say them."""
        if depth > DEEPEST:
            return None
        if isinstance(node, ast.Dict):
            return self._dict(node, depth)
        if isinstance(node, ast.Name):
            return self._named(node.id, depth + 1)
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.BitOr):
            sides = self.keys(node.left, depth + 1), self.keys(node.right, depth + 1)
            return _merged([side for side in sides if side is not None], whole=None not in sides)
        return None

    def _dict(self, node: ast.Dict, depth: int) -> Keys:
        read = Keys()
        for key, value in zip(node.keys, node.values, strict=True):
            if isinstance(key, ast.Constant) and isinstance(key.value, str):
                read.nodes[key.value], read.values[key.value] = key, value
                continue
            other = self.keys(value, depth + 1) if key is None else None
            read = _merged([read, other or Keys(whole=False)])
        return read

    def _named(self, name: str, depth: int) -> Keys | None:
        direct = [s for s in self.body if _assigns(s, name)]
        others = [n for s in self.body for n in ast.walk(s) if isinstance(n, ast.stmt) and n not in self.body]
        if len(direct) != 1 or any(_assigns(node, name) for node in others):
            return None
        value = getattr(direct[0], "value", None)
        read = self.keys(value, depth) if isinstance(value, ast.expr) else None
        if read is None:
            return None
        for statement in (*self.body, *others):
            added = self._added(statement, name, depth)
            if added is not None:
                read = _merged([read, added], whole=read.whole and statement in self.body)
        return read

    def _added(self, statement: ast.stmt, name: str, depth: int) -> Keys | None:
        """Keys that `name["key"] = …` or `name |= {…}` adds."""
        if isinstance(statement, ast.AugAssign) and ast.unparse(statement.target) == name:
            return self.keys(statement.value, depth + 1) or Keys(whole=False)
        if isinstance(statement, ast.Assign):
            for target in statement.targets:
                if isinstance(target, ast.Subscript) and ast.unparse(target.value) == name:
                    key = target.slice
                    if isinstance(key, ast.Constant) and isinstance(key.value, str):
                        return Keys({key.value: key}, {key.value: statement.value})
                    return Keys(whole=False)
        return None


def _assigns(node: ast.stmt, name: str) -> bool:
    if isinstance(node, ast.Assign):
        return any(ast.unparse(target) == name for target in node.targets)
    return isinstance(node, ast.AnnAssign) and node.value is not None and ast.unparse(node.target) == name


def _merged(parts: list[Keys], *, whole: bool = True) -> Keys:
    merged = Keys(whole=whole)
    for part in parts:
        merged.nodes |= part.nodes
        merged.values |= part.values
        merged.whole = merged.whole and part.whole
    return merged
