"""Text that a terminal can only show: what it would obey, or hide, is spelled out."""

from __future__ import annotations

# Control characters but tab and newline; what turns text round or has no width; halves of characters; tags.
_UNSEEN = (
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\ud800-\udfff\ufffe\uffff"
    "\U000e0000-\U000e0fff]"
)
_COLOUR = "\x1b\\[[0-9;]*m"  # in servers' logs: left out rather than spelled out


def printable(text: str) -> str:
    """The text as it may be printed."""
    if text.replace("\n", "").replace("\t", "").isprintable():
        return text
    import re

    return re.sub(_UNSEEN, lambda match: _escape(ord(match.group())), re.sub(_COLOUR, "", text))


def printable_json(text: str) -> str:
    """The same for JSON, which has its own way to spell such characters."""
    if text.replace("\n", "").isprintable():
        return text
    import json
    import re

    return re.sub(_UNSEEN, lambda match: json.dumps(match.group())[1:-1], text)


def one_line(text: str) -> str:
    """The same for a cell of a table."""
    return printable(text).replace("\n", "\\n").replace("\t", " ")


def _escape(number: int) -> str:
    if number < 0x100:
        return f"\\x{number:02x}"
    return f"\\u{number:04x}" if number < 0x10000 else f"\\U{number:08x}"
