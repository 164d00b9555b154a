"""Values to Python source. The only way a user's value enters a generated program."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping, Sequence
from typing import Any, cast

_UNPRINTED = re.compile(r"[\x7f-\x9f\u2028\u2029\ufeff\ud800-\udfff\ufffe\uffff]")
WIDTH = 110
INDENT = 4


class Code(str):
    """Text that is source code already: made here, never out of a user's string."""

    __slots__ = ()


def python_literal(value: Any, *, indent: int = 0, lead: int = 0, trail: int = 1) -> Code:
    """Python source of `value`, laid out as ruff would.

    value: exactly str, int, float (finite), bool, None, list, tuple or dict of these (dict keys: str).
    indent: column of the line's first character; lead: characters before the value on its line;
    trail: characters that must still fit behind it. Raises TypeError for any other type: subclasses of
    built-in types can print themselves as anything.
    """
    flat = _flat(value)
    items: list[tuple[str, Any]]
    fits = indent + lead + len(flat) + trail <= WIDTH
    if fits or type(value) not in (list, tuple, dict) or not value:
        return Code(flat)
    if type(value) is dict:
        opening, closing = "{", "}"
        items = [(f"{_flat(key)}: ", item) for key, item in cast("dict[str, Any]", value).items()]
    else:
        opening, closing = ("[", "]") if type(value) is list else ("(", ")")
        items = [("", item) for item in cast("list[Any]", value)]
    inner = indent + INDENT
    lines = [
        f"{' ' * inner}{head}{python_literal(item, indent=inner, lead=len(head))},\n" for head, item in items
    ]
    return Code(f"{opening}\n{''.join(lines)}{' ' * indent}{closing}")


def mapping_literal(value: Mapping[str, str], *, indent: int = 0, lead: int = 0) -> Code:
    """Source of a dict from string keys to expressions that are `Code` already."""
    for item in value.values():
        if type(item) is not Code:
            raise TypeError(f"not source code: {item!r}")
    flat = "{" + ", ".join(f"{_string(key)}: {item}" for key, item in value.items()) + "}"
    if indent + lead + len(flat) + 1 <= WIDTH or not value:
        return Code(flat)
    pad = " " * (indent + INDENT)
    body = "".join(f"{pad}{_string(key)}: {item},\n" for key, item in value.items())
    return Code("{\n" + body + " " * indent + "}")


def list_literal(items: Sequence[Code], *, indent: int = 0, lead: int = 0) -> Code:
    """Source of a list of expressions that are `Code` already."""
    flat = f"[{', '.join(items)}]"
    if indent + lead + len(flat) + 1 <= WIDTH:
        return Code(flat)
    pad = " " * (indent + INDENT)
    return Code("[\n" + "".join(f"{pad}{item},\n" for item in items) + " " * indent + "]")


def _flat(value: Any) -> str:
    kind = cast("type[object]", type(value))
    if kind is str:
        return _string(value)
    if value is None or kind in (bool, int) or (kind is float and math.isfinite(value)):
        return repr(value)
    if kind is dict:
        return "{" + ", ".join(f"{_key(key)}: {_flat(item)}" for key, item in value.items()) + "}"
    if kind is list:
        return "[" + ", ".join(_flat(item) for item in value) + "]"
    if kind is tuple:
        return "(" + ", ".join(_flat(item) for item in value) + ("," if len(value) == 1 else "") + ")"
    raise TypeError(f"{kind.__name__} has no safe literal")


def _key(value: Any) -> str:
    if type(value) is not str:
        raise TypeError(f"{type(value).__name__} can't be a key of a literal")
    return _string(value)


def _string(value: str) -> str:
    """Exact `repr`, but double-quoted where that needs no more escapes, as formatters prefer."""
    text = repr(value)
    if text.startswith("'") and '"' not in value:
        text = '"' + text[1:-1] + '"'
    return text


def yaml_string(value: str) -> str:
    """A YAML 1.2 double-quoted scalar: a JSON string, with what YAML readers don't print escaped."""
    return _UNPRINTED.sub(lambda match: f"\\u{ord(match.group()):04x}", json.dumps(value, ensure_ascii=False))
