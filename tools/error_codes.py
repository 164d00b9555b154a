"""Finds every error code in the sources: what is said with it, in which module, and the exit code stated there.

A code is the first argument of `Problem`, of another class whose first field is `code`, or of a function whose first
parameter is `code`. A code that is made when the program runs must be listed in `MADE`.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

SOURCE = Path(__file__).parents[1] / "src" / "stackgen"
MADE = {
    "f'unknown-{kind}'": ("unknown-capability", "unknown-provider"),
    "f'cannot-{verb}'": ("cannot-read", "cannot-write"),
}
GAP = "…"
CODE = re.compile(r"[a-z]+(-[a-z]+)*")
Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True, order=True)
class Use:
    """One place that raises or reports a code. message: with … for what is filled in. exit_code: a name, or ""."""

    code: str
    module: str
    message: str
    exit_code: str


class UnknownCode(Exception):
    """A code that can't be read from the source; add it to `MADE`."""


def uses(source: Path = SOURCE) -> list[Use]:
    """Every use of a code below `source`, sorted. Raises UnknownCode."""
    trees = {path: ast.parse(path.read_text(encoding="utf-8")) for path in sorted(source.rglob("*.py"))}
    constants = {name: text for tree in trees.values() for name, text in _constants(tree).items()}
    takers = {name for tree in trees.values() for name in _takers(tree)}
    found = {
        use
        for path, tree in trees.items()
        for use in _uses(tree, path.relative_to(source).as_posix(), takers, constants)
    }
    return sorted(found)


def _takers(tree: ast.AST) -> Iterator[str]:
    """Names of functions and classes whose first argument is a code."""
    for node in ast.walk(tree):
        if isinstance(node, Function):
            names = [argument.arg for argument in node.args.args if argument.arg != "self"]
            if names[:1] == ["code"]:
                yield node.name
        elif isinstance(node, ast.ClassDef):
            fields = [item.target for item in node.body if isinstance(item, ast.AnnAssign)]
            if fields and ast.unparse(fields[0]) == "code":
                yield node.name


def _uses(tree: ast.AST, module: str, takers: set[str], known: Mapping[str, str]) -> Iterator[Use]:
    constants = {**known, **_constants(tree)}
    exits = dict(_exits(tree))
    for function, call in _calls(tree):
        if _name(call.func) not in takers:
            continue
        given = call.args[0] if call.args else _keyword(call, "code")
        if given is None or not ast.unparse(given).strip("'\"") or len(call.args) + len(call.keywords) < 2:
            continue
        texts = _assigned(function) if function is not None else {}
        second = call.args[1] if len(call.args) > 1 else _keyword(call, "message")
        messages = _messages(second, texts) if _name(call.func) != "Words" else [""]
        for code in _codes(given, constants, function, module, strict=_name(call.func)[0].isupper()):
            if not CODE.fullmatch(code):
                continue
            for message in messages:
                yield Use(code, module, message, exits.get(id(call), ""))


def _calls(tree: ast.AST, inside: Function | None = None) -> Iterator[tuple[Function | None, ast.Call]]:
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.Call):
            yield inside, node
        yield from _calls(node, node if isinstance(node, Function) else inside)


def _codes(
    given: ast.expr,
    constants: Mapping[str, str],
    function: Function | None,
    module: str,
    *,
    strict: bool = True,
) -> Iterable[str]:
    if isinstance(given, ast.Constant) and isinstance(given.value, str):
        return (given.value,) if CODE.fullmatch(given.value) else ()
    if isinstance(given, ast.IfExp):
        return (
            *_codes(given.body, constants, function, module, strict=strict),
            *_codes(given.orelse, constants, function, module, strict=strict),
        )
    text = ast.unparse(given)
    if text in constants:
        return (constants[text],)
    if text in MADE:
        return MADE[text]
    if function is not None and (values := _assigned(function).get(text)):
        return tuple(
            code for value in values for code in _codes(value, constants, function, module, strict=strict)
        )
    own = [argument.arg for argument in function.args.args] if function is not None else []
    if text in own or isinstance(given, ast.Attribute):  # what this function was given: its callers state it
        return ()
    if not strict:  # a function of another kind with the same name
        return ()
    raise UnknownCode(f"{module}:{given.lineno}: {text}")


def _constants(tree: ast.AST) -> dict[str, str]:
    return {
        target.id: node.value.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Assign)
        and isinstance(node.value, ast.Constant)
        and isinstance(node.value.value, str)
        for target in node.targets
        if isinstance(target, ast.Name)
    }


def _assigned(function: Function) -> dict[str, list[ast.expr]]:
    """Name → what is assigned to it in a function, in order."""
    found: dict[str, list[ast.expr]] = {}
    for node in ast.walk(function):
        if isinstance(node, ast.Assign):
            for target in node.targets:
                if isinstance(target, ast.Name):
                    found.setdefault(target.id, []).append(node.value)
                elif isinstance(target, ast.Tuple) and isinstance(node.value, ast.Tuple):
                    for name, value in zip(target.elts, node.value.elts, strict=True):
                        found.setdefault(ast.unparse(name), []).append(value)
    return found


def _messages(given: ast.expr | None, texts: Mapping[str, list[ast.expr]]) -> list[str]:
    if given is None:
        return [""]
    if isinstance(given, ast.Name) and given.id in texts:
        shown = list(dict.fromkeys(_text(value) for value in texts[given.id]))
        return [text for text in shown if text.strip(f"{GAP} ")] or [""]
    return [_text(given)]


def _text(node: ast.expr) -> str:
    """A message as it stands in the source, … for each part that is filled in."""
    if isinstance(node, ast.Constant):
        return str(node.value)
    if isinstance(node, ast.JoinedStr):
        text = "".join(_text(part) for part in node.values)
    elif isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        text = _text(node.left) + _text(node.right)
    elif isinstance(node, ast.FormattedValue):
        return GAP
    else:
        return GAP
    while GAP * 2 in text:
        text = text.replace(GAP * 2, GAP)
    return text


def _exits(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Calls inside `StackgenError(..., ExitCode.NAME)` → NAME."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and _name(node.func) in ("StackgenError", "fail"):
            names = [ast.unparse(a).partition("ExitCode.")[2] for a in node.args[1:]]
            stated = next((name for name in names if name), "")
            for inner in ast.walk(node.args[0]) if node.args and stated else ():
                yield id(inner), stated


def _keyword(call: ast.Call, name: str) -> ast.expr | None:
    return next((keyword.value for keyword in call.keywords if keyword.arg == name), None)


def _name(node: ast.expr) -> str:
    return ast.unparse(node).rpartition(".")[2]
