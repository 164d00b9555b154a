"""Whole specs that were made to hurt: what YAML readers are known to stumble over, and what is merely too much."""

from __future__ import annotations

from collections.abc import Iterator

HEAD = "apiVersion: stackgen/v1\nname: trap\n"
END = "environments: {dev: {provider: local}}\n"
STORE = f"{HEAD}components: {{a1: {{capability: object_store}}}}\n"
ONE = f"{HEAD}components: {{a1: {{capability: object_store}}}}\n{END}"


def _alias_bomb(kind: str) -> str:
    opening, closing = ("[", "]") if kind == "list" else ("{", "}")
    lines = [f"a: &a {opening}{closing}\n"]
    for before, name in zip("abcdefghi", "bcdefghij", strict=True):
        inner = ", ".join(f"*{before}" if kind == "list" else f"k{n}: *{before}" for n in range(9))
        lines.append(f"{name}: &{name} {opening}{inner}{closing}\n")
    return "".join(lines)


def _dimensions(text: str) -> str:
    return f"{HEAD}components: {{a1: {{capability: vector_store, dimensions: {text}}}}}\n{END}"


def refused() -> Iterator[tuple[str, bytes]]:
    """Name and bytes of specs that must be refused with a place."""
    texts = {
        "alias bomb of lists": _alias_bomb("list"),
        "alias bomb of mappings": _alias_bomb("map"),
        "self reference": "&a [*a]",
        "merge bomb": "a: &a {x: 1}\n" + "".join(f"b{n}:\n  <<: [{'*a, ' * 200}*a]\n" for n in range(40)),
        "merge key": ONE + "<<: {owner: x}\n",
        "anchor": ONE.replace("stackgen/v1", "&v stackgen/v1"),
        "alias": ONE + "owner: *v\n",
        "unused anchor": ONE + "owner: &o x\n",
        "python object": ONE + "owner: !!python/object/apply:os.system [id]\n",
        "python name": ONE + "owner: !!python/name:os.system\n",
        "binary": ONE + "owner: !!binary aWQ=\n",
        "set": ONE + "labels: !!set {a, b}\n",
        "own tag": ONE + "owner: !x y\n",
        "verbatim tag": ONE + "owner: !<tag:yaml.org,2002:str> y\n",
        "two documents": ONE + "---\n" + ONE,
        "deep list": HEAD + "components: " + "[" * 10_000 + "]" * 10_000,
        "deep mapping": HEAD + "components: " + "{a: " * 10_000 + "x" + "}" * 10_000,
        "deep block": HEAD + "".join(f"{' ' * n}a:\n" for n in range(2_000)),
        "deep dashes": HEAD + "components: \n  " + "- " * 5_000 + "x",
        "deep unclosed": "[" * 100_000,
        "deep questions": "? " * 20_000,
        "duplicate key": ONE + "name: trap\n",
        "duplicate component": f"{HEAD}components: {{a1: {{capability: job}}, a1: {{capability: job}}}}\n{END}",
        "duplicate quoted key": ONE + '"name": trap\n',
        "duplicates by the thousand": ONE + "owner: x\n" * 20_000,
        "list as key": ONE + "? [a]\n: b\n",
        "mapping as key": ONE + "{a: b}: c\n",
        "huge integer": _dimensions(f"{'9' * 5_000}"),
        "huge hexadecimal": _dimensions(f"0x{'f' * 5_000}"),
        "large integer": _dimensions(f"{'9' * 40}"),
        "huge exponent": _dimensions(f"1e{'9' * 4}"),
        "infinity": _dimensions(".inf"),
        "not a number": _dimensions(".nan"),
        "negative zero": _dimensions("-0"),
        "float": _dimensions("1.5"),
        "sexagesimal": _dimensions("12:30:45"),
        "binary number": _dimensions("0b11"),
        "date": _dimensions("2026-01-01"),
        "yes": STORE + "environments: {dev: {provider: local, protect: yes}}\n",
        "off": STORE + "environments: {dev: {provider: local, protect: off}}\n",
        "norway": STORE + "environments: {dev: {provider: no}}\n",
        "null name": ONE.replace("name: trap", "name: ~"),
        "number as name": ONE.replace("name: trap", "name: 012"),
        "NUL": ONE + "owner: a\0b\n",
        "spelled NUL": ONE + 'owner: "a\\0b"\n',
        "escape": ONE + "owner: \x1b[31m\n",
        "spelled escape": ONE + 'owner: "\\e[31m"\n',
        "next line": ONE + "owner: a\x85b\n",
        "line separator": ONE + "owner: a\u2028b\n",
        "bidi override": ONE + "# \u202e x\n",
        "bidi isolate": ONE + "owner: 'a\u2066b'\n",
        "spelled bidi": ONE + 'owner: "\\u202e"\n',
        "byte order mark inside": ONE + "\ufeffowner: x\n",
        "homoglyph of a key": ONE.replace("components", "c\u043emponents"),
        "homoglyph of a capability": ONE.replace("object_store", "\u043ebject_store"),
        "full-width colon": ONE.replace("name: trap", "name\uff1a trap"),
        "tab": ONE + "labels:\n\ta: b\n",
        "carriage return in a comment": ONE + "# harmless\rname: other\n",
        "unclosed quote": ONE + "owner: 'x\n",
        "unclosed list": ONE + "owner: [x\n",
        "reserved character": ONE + "owner: @x\n",
        "wrong escape": ONE + 'owner: "\\q"\n',
        "half a character": ONE + 'owner: "\\ud800"\n',
        "beyond the last character": ONE + 'owner: "\\UFFFFFFFF"\n',
        "odd indentation": ONE + "labels:\n   a: b\n  c: d\n",
        "block header": ONE + "owner: |99\n  x\n",
        "directive": "%YAML 9.9\n---\n" + ONE,
        "empty": "",
        "only a comment": "# nothing\n",
        "only a mark": "---\n",
        "a scalar": "x",
        "a list": "- x\n",
        "a number": "3",
        "too many values": HEAD + "components: [" + "x, " * 150_000 + "]",
        "too many keys": HEAD + "labels:\n" + "".join(f"  k{n}: v\n" for n in range(60_000)),
        "too many empty lists": HEAD + "components: [" + "[], " * 150_000 + "]",
        "thousands of unknown keys": ONE + "".join(f"k{n}: v\n" for n in range(20_000)),
        "thousands of wrong components": HEAD
        + "components:\n"
        + "".join(f"  c{n}: {{capability: object_stor}}\n" for n in range(10_000))
        + END,
        "thousands of wrong references": HEAD
        + "components:\n"
        + "".join(f"  c{n}: {{capability: object_store, depends_on: [x{n}]}}\n" for n in range(3_000))
        + END,
        "a long cycle": HEAD
        + "components:\n"
        + "".join(
            f"  c{n}: {{capability: object_store, depends_on: [c{(n + 1) % 3000}]}}\n" for n in range(3_000)
        )
        + END,
        "everybody watches everybody": HEAD
        + "components:\n"
        + "".join(f"  c{n}: {{capability: monitoring}}\n" for n in range(3_000))
        + END,
        "thousands of environments": f"{HEAD}components: {{a1: {{capability: object_store}}}}\nenvironments:\n"
        + "".join(f"  e{n}: {{provider: loca}}\n" for n in range(20_000)),
        "too many environments": HEAD
        + "components:\n"
        + "".join(f"  c{n}: {{capability: object_store}}\n" for n in range(300))
        + "environments:\n"
        + "".join(f"  e{n}: {{provider: local}}\n" for n in range(300)),
        "a long line": ONE + "owner: " + "x" * 3_000_000,
    }
    for name, text in texts.items():
        yield name, text.encode("utf-8", "surrogatepass")
    yield "latin-1", ONE.encode() + b"owner: \xe9\n"
    yield "UTF-16", ONE.encode("utf-16")
    yield "half a sequence", ONE.encode() + b"owner: \xe2\x82"
    yield "an overlong sequence", ONE.encode() + b"owner: \xc0\xaf\n"
    yield "a surrogate in bytes", ONE.encode() + b"owner: \xed\xa0\x80\n"
    yield "an executable", b"\x7fELF\x02\x01\x01" + bytes(range(256)) * 20
    yield "compressed", b"\x1f\x8b\x08" + bytes(range(256))[::-1] * 4


ACCEPTED = {
    "a directive that nothing uses": "%TAG ! tag:x,2000:\n---\n" + ONE,
    "carriage returns": ONE.replace("\n", "\r\n"),
    "a byte order mark": "\ufeff" + ONE,
    "a document's end": ONE + "...\n",
    "JSON": '{"apiVersion": "stackgen/v1", "name": "trap", "components": {"a1": {"capability": "object_store"}},'
    ' "environments": {"no": {"provider": "local"}}}',
    "words of YAML 1.1": ONE + "owner: yes\nlabels: {a: 'on', b: 1e, c: 12:30, y: n}\n",
    "a name that is a word of Python": ONE.replace("a1", "class"),
    "a name that is a word of diagrams": ONE.replace("a1", "end"),
    "a long comment": ONE + "#" + "x" * 1_000_000 + "\n",
}
