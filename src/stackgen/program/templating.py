"""The one Jinja2 environment. It prints only `Code`: text made or escaped by this package."""

from __future__ import annotations

import hashlib
import os
import re
from functools import cache
from pathlib import Path
from typing import Any, cast

import jinja2
import jinja2.compiler
from jinja2.bccache import Bucket

from stackgen.descriptors.prose import Prose
from stackgen.homes import cache_folder, make_private
from stackgen.printable import printable
from stackgen.program.literals import Code

TEMPLATES = Path(__file__).with_name("templates")


def render(template: str, **context: Any) -> str:
    """Render a template; raises TypeError if it prints a value that was not made safe for its place."""
    return _environment().get_template(template).render(**context)


class _Compiled(jinja2.FileSystemBytecodeCache):
    """Compiled templates: half of the time of rendering them. As trusted, and as replaceable, as a `.pyc`."""

    def get_source_checksum(self, source: str) -> str:
        """Of everything that the compiled form depends on: template, Jinja2 and the environment below."""
        compiler = os.stat(jinja2.compiler.__file__)  # noqa: PTH116
        parts = (source, f"{compiler.st_size} {compiler.st_mtime_ns}", Path(__file__).read_text())
        return hashlib.sha256("\0".join(parts).encode()).hexdigest()

    def dump_bytecode(self, bucket: Bucket) -> None:
        """Keep it, if the file system lets us."""
        try:
            super().dump_bytecode(bucket)
        except OSError:
            pass


class _Templates(jinja2.Environment):
    """Looks into dictionaries first: that is what templates are given, and a missed attribute is slow."""

    def getattr(self, obj: Any, attribute: str) -> Any:
        """`obj.attribute` in a template."""
        if type(obj) is dict:
            found = cast("dict[str, Any]", obj)
            return found[attribute] if attribute in found else self.undefined(obj=found, name=attribute)
        return super().getattr(obj, attribute)


@cache
def _environment() -> jinja2.Environment:
    folder = f"{cache_folder()}/templates"
    return _Templates(  # not HTML; every printed value is checked by `finalize`
        loader=jinja2.FileSystemLoader(TEMPLATES),
        bytecode_cache=_Compiled(folder) if make_private(folder) else None,
        auto_reload=False,
        undefined=jinja2.StrictUndefined,
        finalize=_only_code,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )


def _only_code(value: object) -> object:
    if type(value) is not Code:
        raise TypeError(f"a template prints {value!r}, which was not made safe for its place")
    return value


_MARKDOWN = re.compile(r"[\\`*_{}\[\]~|$]|^[#+\-=]")
_NUMBERED = re.compile(r"^(\d+)([.)])")
_HTML = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;"})


_CODE_OR_ADDRESS = re.compile(r"(`[^`\n]+`)|(https?://[\w./?#=&%:~+,@-]*[\w/])")


def prose_markdown(value: Prose, *, cell: bool = False) -> Code:
    """Text of the catalog as Markdown on one line: its code spans and addresses stay, everything else is plain text.

    cell: it stands in a cell of a table, where a bar must be escaped inside of code too.
    """
    parts: list[str] = []
    end = 0
    for match in _CODE_OR_ADDRESS.finditer(value):
        parts.append(_plain(value[end : match.start()]))
        code, address = match.groups()
        parts.append((code.replace("|", "\\|") if cell else code) if code else f"<{address}>")
        end = match.end()
    return Code("".join([*parts, _plain(value[end:])]).strip())


def _plain(text: str) -> str:
    """`escape_markdown` of a part of a line, whose blanks at both ends stay."""
    blank = {True: " ", False: ""}
    return f"{blank[text[:1].isspace()]}{escape_markdown(text)}{blank[text[-1:].isspace() and text.strip() != '']}"


def escape_markdown(value: str) -> Code:
    """User's text as plain Markdown text on one line: nothing in it formats, links or runs."""
    line = " ".join(printable(value).split()).translate(_HTML)
    return Code(_MARKDOWN.sub(r"\\\g<0>", _NUMBERED.sub(r"\1\\\2", line)))
