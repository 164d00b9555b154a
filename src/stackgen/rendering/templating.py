"""The one Jinja2 environment. It prints only `Code`: text made or escaped by this package."""

from __future__ import annotations

import html
import re
from functools import cache
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from stackgen.printable import printable
from stackgen.rendering.literals import Code


def render(template: str, **context: Any) -> str:
    """A template's text; raises TypeError if it prints a value that nobody has made safe for its place."""
    return _environment().get_template(template).render(**context)


@cache
def _environment() -> Environment:
    return Environment(  # noqa: S701 - not HTML; every printed value is checked by `finalize`
        loader=PackageLoader("stackgen.rendering"),
        undefined=StrictUndefined,
        finalize=_only_code,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )


def _only_code(value: object) -> object:
    if type(value) is not Code:
        raise TypeError(f"a template prints {value!r}, which nobody has made safe for its place")
    return value


_MARKDOWN = re.compile(r"[\\`*_{}\[\]~|$]|^[#+\-=]")
_NUMBERED = re.compile(r"^(\d+)([.)])")


def markdown(value: str) -> Code:
    """User's text as plain Markdown text on one line: nothing in it formats, links or runs."""
    line = html.escape(" ".join(printable(value).split()), quote=False)
    return Code(_MARKDOWN.sub(r"\\\g<0>", _NUMBERED.sub(r"\1\\\2", line)))
