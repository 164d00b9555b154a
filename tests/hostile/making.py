"""Makes specs to fuzz with: the shelf's own examples, changed by what their models know, written in every style."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from random import Random
from typing import Any

import yaml

from stackgen.catalog.shelf import Shelf
from tests.hostile.fields import sample
from tests.hostile.payloads import PAYLOADS

Content = dict[str, Any]
# What YAML 1.1 readers turn into something else, written plain.
TRAPS = (
    *(
        "no",
        "No",
        "NO",
        "off",
        "y",
        "Y",
        "yes",
        "on",
        "true",
        "True",
        "~",
        "null",
        "Null",
        "",
        "012",
        "0o12",
        "0x1F",
    ),
    *(
        "0b1",
        "1_000",
        "1:30",
        "12:30:45",
        "190:20:30",
        "1e3",
        "1E400",
        "-.inf",
        ".NaN",
        ".5",
        "5.",
        "+1",
        "-0",
        "2026-01-01",
    ),
    *(
        "2026-01-01T00:00:00Z",
        "=",
        "<<",
        "9" * 41,
        "9" * 5000,
        "-" * 60,
        "0x" + "f" * 60,
        "1e99999",
        "!!str 1",
    ),
    *(
        "&a x",
        "*a",
        "!!python/name:os.system",
        "!x y",
        "@x",
        "`x`",
        "%x",
        "? x",
        "- x",
        "| x",
        "> x",
        "'",
        '"',
        "{",
        "[",
    ),
    *("]", "}", ",", ": x", "x: y", "x #y", "#x", "---", "...", "\\", "a\tb", "\tx"),
)
TOKENS = (
    *(
        "\r",
        "\n",
        "\r\n",
        "\t",
        "\0",
        "\x0b",
        "\x1b[0m",
        "\x85",
        "\u2028",
        "\u202e",
        "\u2066",
        "\ufeff",
        "\u200b",
        "\ud7ff",
    ),
    *(
        "&a ",
        "*a ",
        "!!binary ",
        "!<x> ",
        "<<: *a\n",
        "---\n",
        "...\n",
        "%YAML 1.1\n---\n",
        "%TAG ! x:\n",
        "? ",
        "- ",
        ": ",
        "#",
    ),
    *(
        "# x\rname: y\n",
        "'",
        '"',
        "{",
        "}",
        "[",
        "]",
        "|",
        ">",
        "|9\n",
        ">+1\n",
        "\\",
        ",",
        "[" * 40,
        "{" * 40,
        "- " * 40,
    ),
    *(
        "? " * 40,
        "a: " * 3,
        "\\x41",
        "\\u202e",
        "\\ud800",
        "\\0",
        "\U0001f600",
        "\u0430",
        "\uff1a",
        "\u00a0",
        "x" * 5000,
    ),
    *("  ", "\n\n\n", "]" * 40, "a: &x [*x]\n", "name: again\n", "components: {}\n", "environments: {}\n"),
)
KEYS = (
    "settings",
    "needs",
    "uses",
    "reads",
    "serves",
    "size",
    "model",
    "registry",
    "depends_on",
    "x",
    "<<",
    "",
    "null",
    "apiVersion",
)


class Maker:
    """One stream of specs; the same seed makes the same ones."""

    def __init__(self, seed: int, shelf: Shelf) -> None:
        self.random = Random(seed)  # noqa: S311 - the same seed must make the same specs
        self.examples: list[Content] = []
        self.options: dict[str, list[tuple[str, Any]]] = {}
        self.settings: list[tuple[str, Any]] = []
        for name in shelf.capability_names:
            if shelf.capability(name).internal:
                continue
            found = shelf.capability(name).options.model_fields
            self.options[name] = [(key, info.annotation) for key, info in found.items()]
            for entry in shelf.implementations[name].values():
                text = (entry.folder / "example.yaml").read_text(encoding="utf-8")
                self.examples.append(yaml.safe_load(text))
                fields = entry.implementation.settings.model_fields
                self.settings += [(key, info.annotation) for key, info in fields.items()]
        self.providers = [*shelf.provider_folders, "loca", ""]
        self.implementations = [key for entries in shelf.implementations.values() for key in entries]
        self.changes: tuple[Callable[[Content], None], ...] = (
            self._scalar,
            self._scalar,
            self._scalar,
            self._remove,
            self._rename,
            self._duplicate,
            self._option,
            self._option,
            self._setting,
            self._setting,
            self._join,
            self._environment,
            self._override,
            self._implementation,
            self._nest,
            self._text,
        )

    def spec(self) -> bytes:
        """The next one."""
        draw = self.random
        content = copy.deepcopy(draw.choice(self.examples))
        for component in _components(content).values():
            if "source" in component and draw.random() < 0.9:
                component["source"] = "app"
        for _ in range(min(12, int(draw.expovariate(0.4)))):
            draw.choice(self.changes)(content)
        text = self._written(content)
        while draw.random() < 0.3:
            text = self._garbled(text)
        data = text.encode("utf-8", "surrogatepass")
        while draw.random() < 0.08 and data:
            place = draw.randrange(len(data))
            data = data[:place] + bytes([draw.randrange(256)]) + data[place + draw.randrange(2) :]
        return data

    # Changes of the content

    def _scalar(self, content: Content) -> None:
        container, key = self._place(content)
        container[key] = self._value()

    def _value(self) -> Any:
        draw = self.random
        return draw.choice(
            (
                lambda: draw.choice(PAYLOADS),
                lambda: Plain(draw.choice(TRAPS)),
                lambda: draw.choice((None, True, False, 0, -1, 1, 384, 10**9, 1.5, -0.0, 10**39)),
                lambda: draw.choice(([], {}, [[]], [None], {"a": {}}, [1, "x"], {"": ""})),
                lambda: draw.choice(("small", "medium", "large", "local", "all", "x", "app", "stand-in")),
            )
        )()

    def _remove(self, content: Content) -> None:
        container, key = self._place(content)
        del container[key]

    def _rename(self, content: Content) -> None:
        container, key = self._place(content)
        if isinstance(container, dict):
            value = container.pop(key)
            name = self.random.choice((str(key)[:-1], f"{key}x", str(key).upper(), *KEYS))
            container[name] = value

    def _duplicate(self, content: Content) -> None:
        container, key = self._place(content)
        if isinstance(container, dict):
            container[f"{key}-{self.random.randrange(9)}"] = copy.deepcopy(container[key])
        else:
            container.append(copy.deepcopy(container[key]))

    def _option(self, content: Content) -> None:
        component = self._component(content)
        known = self.options.get(str(component.get("capability")), [])
        if known:
            key, annotation = self.random.choice(known)
            component[key] = sample(annotation) if self.random.random() < 0.5 else self._value()

    def _setting(self, content: Content) -> None:
        key, annotation = self.random.choice(self.settings)
        value = sample(annotation) if self.random.random() < 0.5 else self._value()
        _table(self._component(content), "settings")[key] = value

    def _join(self, content: Content) -> None:
        other = copy.deepcopy(self.random.choice(self.examples))
        _table(content, "components").update(_components(other))

    def _environment(self, content: Content) -> None:
        draw = self.random
        _table(content, "environments")[f"e{draw.randrange(99)}"] = {"provider": draw.choice(self.providers)}

    def _override(self, content: Content) -> None:
        draw = self.random
        environments = [item for item in _table(content, "environments").values() if isinstance(item, dict)]
        names = [*_components(content), "nobody"]
        if environments:
            changed = _table(draw.choice(environments), "components")
            changed[draw.choice(names)] = {draw.choice(KEYS): self._value()}

    def _implementation(self, content: Content) -> None:
        self._component(content)["implementation"] = self.random.choice(self.implementations)

    def _nest(self, content: Content) -> None:
        container, key = self._place(content)
        for _ in range(self.random.choice((1, 3, 28, 33, 200))):
            container[key] = [container[key]] if self.random.random() < 0.5 else {"x": container[key]}

    def _text(self, content: Content) -> None:
        key = self.random.choice(("description", "owner", "name", "apiVersion", "data", "labels"))
        content[key] = self._value()

    def _component(self, content: Content) -> Content:
        found = [item for item in _components(content).values() if isinstance(item, dict)]
        return self.random.choice(found) if found else {}

    def _place(self, content: Content) -> tuple[Any, Any]:
        """A container inside, and a key of it."""
        container: Any = content
        while True:
            keys = list(container) if isinstance(container, dict) else list(range(len(container)))
            if not keys:
                container = content if content else {"x": None}
                return container, next(iter(container))
            key = self.random.choice(keys)
            if (
                not isinstance(container[key], (dict, list))
                or not container[key]
                or self.random.random() < 0.2
            ):
                return container, key
            container = container[key]

    # Writing it down

    def _written(self, content: Any) -> str:
        flow = self.random.random() < 0.25
        return self._flow(content, 0) + "\n" if flow else self._block(content, 0)

    def _block(self, value: Any, depth: int) -> str:
        if depth > 60 or not isinstance(value, (dict, list)) or not value or self.random.random() < 0.15:
            return f" {self._flow(value, depth)}{self.random.choice(('', '', '', ' # said', '  '))}\n"
        pad = ("\n" if depth else "") + ""
        lines: list[str] = []
        for key in value:
            head = f"{self._key(key)}:" if isinstance(value, dict) else "-"
            lines.append(
                "  " * depth + head + self._block(value[key] if isinstance(value, dict) else key, depth + 1)
            )
        return pad + "".join(lines)

    def _flow(self, value: Any, depth: int) -> str:
        if depth > 300:
            return "x"
        if isinstance(value, dict):
            inner = ", ".join(
                f"{self._key(key)}: {self._flow(item, depth + 1)}" for key, item in value.items()
            )
            return f"{{{inner}}}"
        if isinstance(value, list):
            return f"[{', '.join(self._flow(item, depth + 1) for item in value)}]"
        return self._scalar_text(value)

    def _key(self, key: Any) -> str:
        text = str(key)
        return (
            text
            if text.replace("_", "a").replace("-", "a").isalnum()
            else json.dumps(text, ensure_ascii=False)
        )

    def _scalar_text(self, value: Any) -> str:
        if isinstance(value, Plain):
            return value.text
        if not isinstance(value, str):
            return json.dumps(value)
        style = self.random.random()
        if style < 0.5:
            return json.dumps(value, ensure_ascii=style < 0.1)
        if style < 0.7:
            return "'" + value.replace("'", "''") + "'"
        return value

    def _garbled(self, text: str) -> str:
        draw = self.random
        place = draw.randrange(len(text) + 1)
        lines = text.splitlines(keepends=True) or [""]
        number = draw.randrange(len(lines))
        choice = draw.randrange(8)
        if choice < 4:
            return text[:place] + draw.choice(TOKENS) + text[place:]
        if choice == 4:
            return "".join((*lines[:number], lines[number] * draw.choice((2, 2, 50)), *lines[number + 1 :]))
        if choice == 5:
            return "".join((*lines[:number], *lines[number + 1 :]))
        if choice == 6:
            return text[:place]
        return "".join((*lines[:number], " " * draw.randrange(5), *lines[number:]))


class Plain:
    """Text that is to be written without quotes."""

    def __init__(self, text: str) -> None:
        self.text = text


def _components(content: Content) -> dict[str, Any]:
    found = content.get("components")
    return found if isinstance(found, dict) else {}


def _table(container: Content, key: str) -> dict[str, Any]:
    if not isinstance(container.get(key), dict):
        container[key] = {}
    return container[key]
